package transport

import (
	"crypto/sha256"
	"strconv"
	"strings"
)

// key tells targets apart that may be different places. The inventory's name of the host
// and become do not count.
func (t Target) key() string {
	if t.Connection == "local" {
		return "local"
	}
	secrets := ""
	if t.Password != "" || t.Passphrase != "" {
		sum := sha256.Sum256([]byte(string(t.Password) + "\x00" + string(t.Passphrase)))
		secrets = string(sum[:])
	}
	return strings.Join([]string{
		t.address(), strconv.Itoa(t.Port), t.User, secrets, t.HostKeyChecking, t.ProxyJump, t.SSHConfig, t.ConnectTimeout.String(),
		t.AliveInterval.String(), strconv.Itoa(t.AliveCount),
		strings.Join(t.PrivateKeyFiles, "\x01"), strings.Join(t.KnownHosts, "\x01"), strings.Join(t.HelperDirs, "\x01"),
	}, "\x00")
}

func (t Target) address() string {
	if t.Address == "" {
		return t.Host
	}
	return t.Address
}
