package launch

// onlyRootWrites is left to access lists, which are not read here.
func onlyRootWrites(string) bool { return false }

func holdForks()    {}
func releaseForks() {}
