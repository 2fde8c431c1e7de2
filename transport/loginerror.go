package transport

import (
	"fmt"
	"strings"
)

// explainLogin finds the kind of an error that came after the server's banner. The
// library tells them apart by their words only.
func (h *handshake) explainLogin(u *Unreachable, err error) {
	text := err.Error()
	switch {
	case strings.Contains(text, "unable to authenticate"), strings.Contains(text, "Too many authentication failures"), strings.Contains(text, "no auth methods"):
		u.Kind, u.Cause = KindAuth, fmt.Errorf("%s", h.refusedLogin(text))
		u.Next = "give a key with --private-key or an ssh agent, or a password with -k"
	case strings.Contains(text, "no common algorithm for host key"):
		u.Kind, u.Cause = KindHostKeyChanged, fmt.Errorf("it has no key of a kind that known_hosts has for it (%s)", strings.Join(h.algorithms, ", "))
		u.Next = "find out why; if the host was set up anew, remove its old line"
	case strings.Contains(text, "no common algorithm"):
		u.Kind, u.Next = KindConfig, "the server is too old or too strict for the algorithms that gdeploy has"
	default:
		u.Kind = KindLost
	}
}

// refusedLogin says what was tried.
func (h *handshake) refusedLogin(text string) string {
	said := "no key or password was accepted"
	if _, tried, ok := strings.Cut(text, "attempted methods "); ok {
		methods, _, _ := strings.Cut(tried, ",")
		methods = strings.Trim(strings.Replace(methods, "none", "", 1), "[] ")
		if methods == "" {
			said = "there is no key or password to offer"
		} else {
			said = "permission denied (tried " + strings.Join(strings.Fields(methods), ", ") + ")"
		}
	}
	if len(h.notes) > 0 {
		said += "; " + strings.Join(h.notes, "; ")
	}
	return said
}
