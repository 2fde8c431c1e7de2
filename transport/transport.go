// Package transport carries module calls to hosts and their replies back.
//
// A Pool keeps one connection per host for the run. On each of them works one helper,
// a small static program that the pool brings to the host when it is not there yet.
// Nothing is ever done twice: where a connection is lost, the call ends as *Unreachable
// and the pool does not reconnect in the middle of a run by itself.
package transport

import (
	"io"
	"time"

	"github.com/rs/zerolog"

	"github.com/gdeploy/gdeploy/modules"
)

// Target says how to reach a host and as whom to work there. It may differ from task to
// task; targets that resolve to the same place share one connection.
type Target struct {
	// Host is the inventory's name of the host, for messages only.
	Host string
	// Connection is "ssh" or "local"; empty is ssh.
	Connection string
	// Address is the name or address to connect to; empty is Host. ~/.ssh/config may
	// turn it into another one.
	Address string
	Port    int    // 0 is what ~/.ssh/config says, else 22
	User    string // empty is what ~/.ssh/config says, else the user who runs gdeploy
	// Password is tried after keys.
	Password Secret
	// PrivateKeyFiles are tried before the agent's keys; empty means those of
	// ~/.ssh/config and the usual names in ~/.ssh.
	PrivateKeyFiles []string
	Passphrase      Secret
	// KnownHosts are the files of known host keys, the first of them is where
	// accept-new writes; empty is ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts.
	KnownHosts []string
	// HostKeyChecking is "yes" (also the meaning of empty) or "accept-new". There is no
	// "no": a host whose key changed is never talked to.
	HostKeyChecking string
	// ProxyJump is as in ssh -J: [user@]host[:port], several by commas; "none" ignores
	// what ~/.ssh/config says.
	ProxyJump string
	// SSHConfig is the configuration file; empty is ~/.ssh/config, "none" is none.
	SSHConfig string
	// ConnectTimeout bounds TCP connection and handshake together; 0 is 10 s.
	ConnectTimeout time.Duration
	// AliveInterval is how often the server is asked for a sign of life; 0 is 15 s.
	AliveInterval time.Duration
	// AliveCount is how many intervals may pass without one before the connection is given
	// up; 0 is 3. Both are ssh_config(5)'s ServerAliveInterval and ServerAliveCountMax.
	AliveCount int
	// HelperDirs are tried first for the helper's cache; ~ and ${UID} stand for the
	// login user's home and number.
	HelperDirs []string
	Become     Become
}

// Become says as which user the helper shall work.
type Become struct {
	Enabled bool
	// Method is sudo, su or doas; empty is sudo.
	Method string
	// User is a name; empty is root.
	User     string
	Password Secret
	// Exe replaces the method's program, Flags its usual options.
	Exe   string
	Flags []string
}

// Secret is a text that no formatting shows.
type Secret string

// String hides the secret; string(s) gives it.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "********"
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText hides the secret from JSON and logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Content finds the blobs that calls of a run name. It is asked by several hosts at once.
type Content interface {
	// Open gives the bytes of the blob with that SHA-256, in hexadecimal.
	Open(sha256 string) (io.ReadSeekCloser, error)
}

// Options configure a Pool; the zero value works.
type Options struct {
	Log zerolog.Logger
	// Handshakes bounds connections being made at once, 0 is 32; PerBastion those that
	// go through one jump host, 0 is 8.
	Handshakes, PerBastion int
	// Helpers finds the program for a host's platform; nil takes the embedded ones.
	Helpers Helpers
	// OnHostKey is told of each key that accept-new added to a known_hosts file.
	OnHostKey func(NewHostKey)
	// Prompt asks the operator, for the passphrase of a key; nil skips such keys.
	Prompt func(question string) (Secret, error)
}

// NewHostKey is a host key that was not known before.
type NewHostKey struct {
	Host, Address, Type, Fingerprint, File string
}

// BatchOptions say what Batch does with its calls.
type BatchOptions struct {
	Content Content
	// StopOnFailure leaves out the calls of a chain that follow a failed one; Each is
	// not called for those.
	StopOnFailure bool
	// Each gets each reply as it comes, from one goroutine.
	Each func(i int, r modules.Reply)
	// Progress gets the lines that call i shows while it works.
	Progress func(i int, line string)
	// Probes are calls that are expected to come next, on the same target. They change
	// nothing: behind the last call, and only where none of its chain changed anything, each is tried in
	// check mode until one would change something, fails or cannot tell. Probed gets, in
	// order, the replies of those before that one, from the goroutine of Each.
	Probes []modules.Call
	Probed func(i int, r modules.Reply)
}

// Output is how a command ended that was run without the helper.
type Output struct {
	Stdout, Stderr []byte
	// RC is 128+N after signal N.
	RC int
}
