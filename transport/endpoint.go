package transport

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const defaultConnectTimeout = 10 * time.Second

// endpoint is a Target after ~/.ssh/config was read: what to connect to and how.
type endpoint struct {
	target Target
	// alias is the name under which known_hosts keeps the host, without its port.
	alias, address, user string
	port                 int
	keys                 []keyFile
	agent                string // its socket, empty for none
	knownHosts           []string
	acceptNew            bool
	jump                 []string
	timeout              time.Duration
	alive                alive
}

// alive says how a connection on which nothing comes is told from one that is dead.
type alive struct {
	interval time.Duration
	count    int
}

// patience is how long a server may give no sign of life.
func (a alive) patience() time.Duration { return time.Duration(a.count) * a.interval }

var defaultAlive = alive{interval: 15 * time.Second, count: 3}

// keyFile is a private key to try. One that nobody asked for may be missing.
type keyFile struct {
	path        string
	certificate string
	wanted      bool
}

// hostPort is the address to dial.
func (e *endpoint) hostPort() string { return net.JoinHostPort(e.address, strconv.Itoa(e.port)) }

// name is the endpoint for messages: user@address, with a port that is not 22.
func (e *endpoint) name() string {
	if e.port == 22 {
		return e.user + "@" + e.address
	}
	return e.user + "@" + e.hostPort()
}

// key tells apart the connections to make.
func (e *endpoint) key() string {
	t := e.target
	t.Address, t.Port, t.User, t.SSHConfig, t.ProxyJump = e.address, e.port, e.user, "", strings.Join(e.jump, ",")
	t.PrivateKeyFiles = nil
	for _, key := range e.keys {
		t.PrivateKeyFiles = append(t.PrivateKeyFiles, key.path)
	}
	t.KnownHosts, t.ConnectTimeout = e.knownHosts, e.timeout
	t.AliveInterval, t.AliveCount = e.alive.interval, e.alive.count
	return e.alias + "\x00" + t.key()
}

// resolve reads what ~/.ssh/config adds to t; what t says itself comes first.
func resolve(t Target, config sshConfig) (*endpoint, error) {
	alias := t.address()
	if alias == "" {
		return nil, &Unreachable{Kind: KindConfig, Op: "connect", Next: "the host has no address; set ansible_host"}
	}
	e := &endpoint{target: t, timeout: t.ConnectTimeout, user: first(t.User, config.get(alias, "User"))}
	e.address = strings.ReplaceAll(first(config.get(alias, "HostName"), alias), "%h", alias)
	e.alias = first(config.get(alias, "HostKeyAlias"), e.address)
	if e.timeout == 0 {
		e.timeout = configuredTimeout(config.get(alias, "ConnectTimeout"))
	}
	e.setAlive(t, alias, config)
	if e.user == "" {
		e.user = currentUser()
	}
	if err := e.setPort(t, config.get(alias, "Port")); err != nil {
		return nil, err
	}
	if err := e.setJump(t, alias, config); err != nil {
		return nil, err
	}
	if err := e.setHostKeys(t, alias, config); err != nil {
		return nil, err
	}
	e.setKeys(t, alias, config)
	return e, nil
}

func configuredTimeout(text string) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	return defaultConnectTimeout
}

// setAlive takes the first of target, ssh's configuration and default. ssh's 0, never, is
// not followed: a host that is gone must be noticed.
func (e *endpoint) setAlive(t Target, alias string, config sshConfig) {
	e.alive = alive{interval: t.AliveInterval, count: t.AliveCount}
	if seconds, err := strconv.Atoi(config.get(alias, "ServerAliveInterval")); err == nil && seconds > 0 && e.alive.interval == 0 {
		e.alive.interval = time.Duration(seconds) * time.Second
	}
	if count, err := strconv.Atoi(config.get(alias, "ServerAliveCountMax")); err == nil && count > 0 && e.alive.count == 0 {
		e.alive.count = count
	}
	e.alive.interval = cmp.Or(e.alive.interval, defaultAlive.interval)
	e.alive.count = cmp.Or(e.alive.count, defaultAlive.count)
}

func (e *endpoint) setPort(t Target, configured string) error {
	e.port = t.Port
	if e.port == 0 && configured != "" {
		port, err := strconv.Atoi(configured)
		if err != nil {
			return e.misconfigured(fmt.Errorf("the port %q in the ssh configuration is no number", configured), "")
		}
		e.port = port
	}
	if e.port == 0 {
		e.port = 22
	}
	return nil
}

func (e *endpoint) setJump(t Target, alias string, config sshConfig) error {
	jump := first(t.ProxyJump, config.get(alias, "ProxyJump"))
	if jump == "" || jump == "none" {
		command := config.get(alias, "ProxyCommand")
		if jump == "" && command != "" && command != "none" {
			return e.misconfigured(fmt.Errorf("the ssh configuration has a ProxyCommand for %q", alias), "use ProxyJump instead, or ansible_ssh_common_args: -J ...")
		}
		return nil
	}
	for _, hop := range strings.Split(jump, ",") {
		e.jump = append(e.jump, strings.TrimPrefix(strings.TrimSpace(hop), "ssh://"))
	}
	return nil
}

func (e *endpoint) setHostKeys(t Target, alias string, config sshConfig) error {
	switch t.HostKeyChecking {
	case "accept-new":
		e.acceptNew = true
	case "yes":
	case "":
		// "no" would also talk to a host whose key changed; the rest of it is accept-new.
		e.acceptNew = slices.Contains([]string{"accept-new", "no", "off"}, config.get(alias, "StrictHostKeyChecking"))
	default:
		return e.misconfigured(fmt.Errorf("host key checking %q", t.HostKeyChecking), "choose yes or accept-new; a host whose key changed is never talked to")
	}
	for _, file := range t.KnownHosts {
		e.knownHosts = append(e.knownHosts, expandHome(file))
	}
	if len(e.knownHosts) > 0 {
		return nil
	}
	user := first(config.get(alias, "UserKnownHostsFile"), "~/.ssh/known_hosts")
	global := first(config.get(alias, "GlobalKnownHostsFile"), "/etc/ssh/ssh_known_hosts")
	for _, file := range strings.Fields(user + " " + global) {
		if file != "none" {
			e.knownHosts = append(e.knownHosts, expandHome(file))
		}
	}
	return nil
}

func (e *endpoint) setKeys(t Target, alias string, config sshConfig) {
	e.agent = os.Getenv("SSH_AUTH_SOCK")
	if socket := config.get(alias, "IdentityAgent"); socket != "" && socket != "SSH_AUTH_SOCK" {
		e.agent = expandHome(socket)
	}
	if e.agent == "none" || strings.EqualFold(config.get(alias, "IdentitiesOnly"), "yes") && len(t.PrivateKeyFiles) > 0 {
		e.agent = ""
	}
	certificate := expandHome(config.get(alias, "CertificateFile"))
	wanted := append(slices.Clone(t.PrivateKeyFiles), config.all(alias, "IdentityFile")...)
	for _, path := range wanted {
		path = strings.NewReplacer("%d", "~", "%h", e.address, "%r", e.user).Replace(path)
		e.keys = append(e.keys, keyFile{path: expandHome(path), certificate: certificate, wanted: true})
	}
	if len(wanted) > 0 {
		return
	}
	for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
		e.keys = append(e.keys, keyFile{path: expandHome("~/.ssh/" + name), certificate: certificate})
	}
}

func (e *endpoint) misconfigured(cause error, next string) error {
	return &Unreachable{Kind: KindConfig, Op: "connect to " + e.address, Cause: cause, Next: next}
}

// hop is the target of the last jump host on the way to e.
func (e *endpoint) hop() (Target, error) {
	last := len(e.jump) - 1
	spec, before := e.jump[last], e.jump[:last]
	t := Target{
		Host: spec, PrivateKeyFiles: e.target.PrivateKeyFiles, Passphrase: e.target.Passphrase, KnownHosts: e.target.KnownHosts,
		HostKeyChecking: e.target.HostKeyChecking, SSHConfig: e.target.SSHConfig, ConnectTimeout: e.target.ConnectTimeout,
		AliveInterval: e.target.AliveInterval, AliveCount: e.target.AliveCount,
		ProxyJump: strings.Join(before, ","),
	}
	rest := spec
	if at := strings.LastIndexByte(spec, '@'); at >= 0 {
		t.User, rest = spec[:at], spec[at+1:]
	}
	t.Address = strings.Trim(rest, "[]")
	if host, port, err := net.SplitHostPort(rest); err == nil {
		t.Address = host
		if t.Port, err = strconv.Atoi(port); err != nil {
			return t, e.misconfigured(fmt.Errorf("jump host %q: port %q is no number", spec, port), "")
		}
	}
	return t, nil
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func currentUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}

// expandHome replaces a leading ~ by the home directory.
func expandHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return filepath.Join(home, rest)
}
