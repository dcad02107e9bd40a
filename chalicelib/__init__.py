"""wbsync: construction labour tracking and earned value over a work breakdown structure."""
