"""The transformations of the suite: every public function of a module in this folder is one."""
