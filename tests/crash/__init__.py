"""Every crash point and every fault of every action, one after the other."""
