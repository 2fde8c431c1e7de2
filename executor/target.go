package executor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// ConnectionDefaults is what settings and flags say about connections. As in Ansible,
// keywords win over them, and variables over keywords.
type ConnectionDefaults struct {
	Connection      string
	User            string
	Port            int
	Password        string // of -k
	PrivateKeyFile  string
	Args            string // ssh_args
	CommonArgs      string // --ssh-common-args
	ExtraArgs       string // --ssh-extra-args
	Timeout         time.Duration
	HostKeyChecking string
	KnownHosts      []string
	SSHConfig       string
	HelperDirs      []string

	Become         bool
	BecomeMethod   string
	BecomeUser     string
	BecomeExe      string
	BecomeFlags    string
	BecomePassword string // of -K
}

// fillTarget works out how the step's host is reached and as whom the module works there.
func (v *visit) fillTarget(ctx context.Context, s *step) error {
	at := s.scope
	if s.delegate != "" {
		c := s.scope.Context()
		c.Host, c.Delegate = s.delegate, ""
		at = v.Store.Scope(c)
	}
	t, err := v.target(s.scope, at, v.where(s))
	if err != nil {
		return err
	}
	s.target = t
	if s.delegate != "" && t.Address != "" && t.Address != s.delegate {
		s.address = t.Address
	}
	return nil
}

// target reads the connection of host from the variables in at; keywords are evaluated
// with those of the task.
func (v *visit) target(task, at *variables.Scope, host string) (transport.Target, error) {
	c := connection{task: task, vars: at, host: host, word: v.keyword}
	return c.read(v.Connection, v.learns)
}

// connection finds what is known about reaching a host, and keeps the first error.
type connection struct {
	task, vars *variables.Scope
	host       string
	word       func(pick func(*playbooks.Keywords) values.Value) values.Value
	err        error
}

func (c *connection) read(d ConnectionDefaults, secrets Secrets) (transport.Target, error) {
	t := transport.Target{
		Host:            c.host,
		Connection:      c.text(d.Connection, func(k *playbooks.Keywords) values.Value { return k.Connection }, "ansible_connection"),
		Address:         c.text("", nil, "ansible_host", "ansible_ssh_host"),
		Port:            c.number(d.Port, func(k *playbooks.Keywords) values.Value { return k.Port }, "ansible_port", "ansible_ssh_port"),
		User:            c.text(d.User, func(k *playbooks.Keywords) values.Value { return k.RemoteUser }, "ansible_user", "ansible_ssh_user"),
		Password:        transport.Secret(c.text(d.Password, nil, "ansible_password", "ansible_ssh_pass", "ansible_ssh_password")),
		Passphrase:      transport.Secret(c.text("", nil, "ansible_private_key_passphrase")),
		HostKeyChecking: c.hostKeys(d.HostKeyChecking),
		KnownHosts:      d.KnownHosts,
		SSHConfig:       d.SSHConfig,
		HelperDirs:      d.HelperDirs,
		ConnectTimeout:  c.seconds(d.Timeout, "ansible_timeout", "ansible_ssh_timeout"),
	}
	if key := c.text(d.PrivateKeyFile, nil, "ansible_ssh_private_key_file", "ansible_private_key_file"); key != "" {
		t.PrivateKeyFiles = []string{key}
	}
	t.Become = c.become(d)
	c.arguments(&t, c.text(d.Args, nil, "ansible_ssh_args"), c.text(d.CommonArgs, nil, "ansible_ssh_common_args"), c.text(d.ExtraArgs, nil, "ansible_ssh_extra_args"))
	c.kind(&t)
	for _, secret := range []transport.Secret{t.Password, t.Passphrase, t.Become.Password} {
		if secret != "" {
			secrets.Add(string(secret))
		}
	}
	return t, c.err
}

func (c *connection) become(d ConnectionDefaults) transport.Become {
	b := transport.Become{
		Enabled:  c.yes(d.Become, func(k *playbooks.Keywords) values.Value { return k.Become }, "ansible_become"),
		Method:   c.text(d.BecomeMethod, func(k *playbooks.Keywords) values.Value { return k.BecomeMethod }, "ansible_become_method"),
		User:     c.text(d.BecomeUser, func(k *playbooks.Keywords) values.Value { return k.BecomeUser }, "ansible_become_user"),
		Exe:      c.text(d.BecomeExe, func(k *playbooks.Keywords) values.Value { return k.BecomeExe }, "ansible_become_exe"),
		Password: transport.Secret(c.text(d.BecomePassword, nil, "ansible_become_password", "ansible_become_pass")),
	}
	if !b.Enabled {
		return transport.Become{}
	}
	if method := b.Method; method != "" {
		b.Method = strings.TrimPrefix(method, "ansible.builtin.")
		for _, prefix := range []string{"ansible_" + b.Method + "_"} {
			b.User = c.text(b.User, nil, prefix+"user")
			b.Exe = c.text(b.Exe, nil, prefix+"exe")
		}
	}
	flags := c.text(d.BecomeFlags, func(k *playbooks.Keywords) values.Value { return k.BecomeFlags }, "ansible_become_flags")
	b.Flags = c.split("become_flags", flags)
	return b
}

// kind names the connection as transport does, and makes localhost local.
func (c *connection) kind(t *transport.Target) {
	t.Connection = strings.TrimPrefix(t.Connection, "ansible.builtin.")
	switch t.Connection {
	case "", "smart", "ssh", "paramiko", "paramiko_ssh":
		t.Connection = "ssh"
	case "local":
	default:
		c.fail(fmt.Errorf("connection %q is not supported: use ssh or local", t.Connection))
	}
}

// hostKeys reads ansible_host_key_checking: yes, no, accept-new.
func (c *connection) hostKeys(setting string) string {
	how := strings.ToLower(c.text(setting, nil, "ansible_ssh_host_key_checking", "ansible_host_key_checking"))
	switch how {
	case "", "yes", "true", "on", "1":
		return "yes"
	case "accept-new", "no", "false", "off", "0": // as of the setting: unknown keys are taken, changed ones never
		return "accept-new"
	}
	c.fail(fmt.Errorf("host_key_checking %q is not supported: a changed host key is always refused; accept-new takes unknown ones", how))
	return "yes"
}

// text gives the strongest of a default, a keyword, and the first variable that is set.
func (c *connection) text(text string, pick func(*playbooks.Keywords) values.Value, names ...string) string {
	if v, ok := c.value(pick, names...); ok {
		return values.Text(v)
	}
	return text
}

func (c *connection) number(number int, pick func(*playbooks.Keywords) values.Value, names ...string) int {
	v, ok := c.value(pick, names...)
	if !ok {
		return number
	}
	n, err := c.vars.Int(v)
	c.fail(err)
	return int(n)
}

func (c *connection) yes(yes bool, pick func(*playbooks.Keywords) values.Value, names ...string) bool {
	v, ok := c.value(pick, names...)
	if !ok {
		return yes
	}
	yes, err := c.vars.Bool(v)
	c.fail(err)
	return yes
}

func (c *connection) seconds(d time.Duration, names ...string) time.Duration {
	v, ok := c.value(nil, names...)
	if !ok {
		return d
	}
	seconds, err := c.vars.Float(v)
	c.fail(err)
	return time.Duration(seconds * float64(time.Second))
}

// value finds the first of the variables that is set, else the keyword.
func (c *connection) value(pick func(*playbooks.Keywords) values.Value, names ...string) (values.Value, bool) {
	for _, name := range names {
		v, ok, err := c.vars.Lookup(name)
		if err != nil {
			c.fail(fmt.Errorf("variable %s: %w", name, err))
			return values.Null, false
		}
		if ok && !v.IsNull() && !v.IsOmit() {
			return v, true
		}
	}
	if pick == nil {
		return values.Null, false
	}
	written := c.word(pick)
	if written.IsNull() {
		return values.Null, false
	}
	v, err := c.task.Render(written)
	c.fail(err)
	return v, err == nil && !v.IsNull() && !v.IsOmit()
}

func (c *connection) fail(err error) {
	if c.err == nil && err != nil {
		c.err = err
	}
}

func (c *connection) split(what, text string) []string {
	words, err := splitWords(text)
	if err != nil {
		c.fail(fmt.Errorf("%s %q: %w", what, text, err))
	}
	return words
}
