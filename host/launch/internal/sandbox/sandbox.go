// Package sandbox restricts the thread that is about to fork a flow, and with it
// the flow: on Linux by Landlock and a seccomp filter, elsewhere not at all. It
// needs no helper program, no privilege and no help of the flow's. Only package
// launch calls it; it knows nothing of flows.
package sandbox

// Policy is what one program may do. All paths are absolute; one that is not
// there is passed over.
type Policy struct {
	// Program is the one file that may be executed, with its loader.
	Program string
	// Read are files and directories that may be read, besides what every program
	// needs: its libraries, the TLS roots, the resolver's files, the time zone.
	Read []string
	// Dir is the directory in which everything may be done but executing.
	Dir string
	// Connect and Listen are ports of TCP. Whatever is in Listen, a program can
	// listen on a port that the system picks.
	Connect, Listen []int
	// Datagrams allows UDP without conditions.
	Datagrams bool
}

// Words of Held.Missing.
const (
	MissingFiles     = "files"            // any file of the user's can be read and written, any program executed
	MissingPorts     = "TCP ports"        // any port can be connected to and listened on
	MissingDevices   = "device control"   // ioctl on devices that could be opened
	MissingAbstract  = "abstract sockets" // other programs' abstract Unix sockets
	MissingSignals   = "signals"          // other processes of the user's can be signalled
	MissingCalls     = "system calls"     // keyrings, tracing, forking, sockets of any kind
	MissingSocketsOf = "Unix sockets"     // other programs' Unix sockets by path, UDP to any port
)

// Held is what holds.
type Held struct {
	// Landlock is the version of its interface that was used; 0 is none.
	Landlock int
	// Seccomp says that the filter of system calls is in force.
	Seccomp bool
	// Missing names what is not restricted here, in the words above.
	Missing []string
}
