package modules

// Inspector is a System that tells what facts need beyond files. It only reads.
type Inspector interface {
	// Environ is the environment in which programs run, as NAME=value.
	Environ() []string
	// Addresses lists the addresses of the network interfaces in the kernel's order.
	Addresses() ([]Address, error)
	// Volume tells about the file system that is mounted at path.
	Volume(path string) (Volume, error)
}

// Address is an address of a network interface.
type Address struct {
	// Interface is its name; Label is that of an alias such as eth0:1, else the same.
	Interface, Label string
	IP               []byte // 4 or 16 bytes
	Broadcast        []byte // empty where there is none
	Prefix           int    // bits of the network
	// Scope is global, site, link or host.
	Scope string
	// Secondary marks a further address of a network.
	Secondary bool
}

// Volume is a mounted file system, as statfs tells.
type Volume struct {
	BlockSize                int64
	Blocks, BlocksFree       uint64
	BlocksAvailable          uint64 // to an ordinary user
	Inodes, InodesFree       uint64
	SizeTotal, SizeAvailable uint64 // bytes
}

// InspectorOf finds the Inspector below a Recorder; nil where sys is none.
func InspectorOf(sys System) Inspector {
	if r, ok := sys.(*Recorder); ok {
		sys = r.System
	}
	i, _ := sys.(Inspector)
	return i
}
