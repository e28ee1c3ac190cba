"""What features of several kinds of event share: text, ip, domain, clock, agent."""
