package transport

import (
	"errors"
	"fmt"
)

// Kind classifies why a host could not be reached.
type Kind string

// The kinds of an Unreachable.
const (
	KindResolve        Kind = "resolve"         // the name has no address
	KindRefused        Kind = "refused"         // nobody listens, or no route
	KindTimeout        Kind = "timeout"         // no answer in time
	KindHostKeyUnknown Kind = "hostkey-unknown" // the host's key is in no known_hosts file
	KindHostKeyChanged Kind = "hostkey-changed" // the host shows another key than the known one
	KindAuth           Kind = "auth"            // no key or password was accepted
	KindHelper         Kind = "helper"          // the helper could not be brought to the host or started
	KindBecomePassword Kind = "become-password" // sudo, su or doas wants a password, or another one
	KindBecome         Kind = "become"          // the other user cannot be had
	KindLost           Kind = "lost"            // the connection broke while it was in use
	KindConfig         Kind = "config"          // what the inventory or ~/.ssh/config says cannot be done
)

// Unreachable says that a host could not be worked with. Whether a call that was under
// way took effect is not known then.
type Unreachable struct {
	Kind Kind
	// Op is what was tried, with its object: "connect to 10.0.0.1:22".
	Op    string
	Cause error
	// Next is what the operator can do, empty where nobody knows.
	Next string
}

// Error gives operation, object, cause and next step in one line; the host's name is the
// renderer's to add.
func (u *Unreachable) Error() string {
	text := u.Op
	if u.Cause != nil {
		text = fmt.Sprintf("%s: %v", u.Op, u.Cause)
	}
	if u.Next == "" {
		return text
	}
	return text + "; " + u.Next
}

// Reached reports that the host itself was reached: only the other user could not be had.
// That is a failure of the task that wanted that user, as it is in Ansible.
func (u *Unreachable) Reached() bool {
	return u.Kind == KindBecome || u.Kind == KindBecomePassword
}

// Unwrap gives the cause.
func (u *Unreachable) Unwrap() error { return u.Cause }

// KindOf gives the kind of the Unreachable in err's chain, empty where there is none.
func KindOf(err error) Kind {
	var u *Unreachable
	if errors.As(err, &u) {
		return u.Kind
	}
	return ""
}
