package executor

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/transport"
)

// Check tells what of the defaults no host could be reached with: an unknown connection,
// become method or option of ssh.
func (d ConnectionDefaults) Check() error {
	c := connection{}
	t := transport.Target{Connection: d.Connection}
	c.kind(&t)
	c.arguments(&t, d.Args, d.CommonArgs, d.ExtraArgs)
	switch strings.TrimPrefix(d.BecomeMethod, "ansible.builtin.") {
	case "", "sudo", "su", "doas":
	default:
		c.fail(fmt.Errorf("become method %q is not supported: use sudo, su or doas", d.BecomeMethod))
	}
	return c.err
}

// arguments reads options of the ssh program, as ansible_ssh_common_args has them. Those
// that gdeploy cannot honour are refused, never overlooked.
func (c *connection) arguments(t *transport.Target, texts ...string) {
	given := map[string]bool{}
	for _, text := range texts {
		words := c.split("ssh arguments", text)
		for i := 0; i < len(words); i++ {
			used, err := sshArgument(t, given, words[i], words[i+1:])
			if err != nil {
				c.fail(fmt.Errorf("ssh arguments %q: %w", text, err))
				return
			}
			i += used
		}
	}
}

// sshArgument takes one option, with its value glued to it or in the next word. As in ssh the
// first of several that set the same thing counts; given are those before.
func sshArgument(t *transport.Target, given map[string]bool, word string, rest []string) (used int, err error) {
	if len(word) < 2 || word[0] != '-' {
		return 0, fmt.Errorf("%q is no option", word)
	}
	letter, value := word[1], word[2:]
	if letter == 'C' || letter == 'q' || letter == 'T' || letter == 'a' || letter == 'x' {
		return 0, nil
	}
	if value == "" {
		if len(rest) == 0 {
			return 0, fmt.Errorf("%s wants a value", word)
		}
		value, used = rest[0], 1
	}
	what := optionOf(letter, value)
	if given[what] && what != "identityfile" {
		checked := *t
		t = &checked
	}
	given[what] = true
	switch letter {
	case 'J':
		t.ProxyJump = value
	case 'i':
		t.PrivateKeyFiles = append(t.PrivateKeyFiles, value)
	case 'F':
		t.SSHConfig = value
	case 'o':
		name, setting := nameAndSetting(value)
		err = sshOption(t, name, setting)
	default:
		err = fmt.Errorf("%s is not supported", word)
	}
	return used, err
}

// optionOf names what an option sets, as ssh_config does in small letters.
func optionOf(letter byte, value string) string {
	if letter != 'o' {
		return map[byte]string{'J': "proxyjump", 'i': "identityfile", 'F': "-F"}[letter]
	}
	name, _ := nameAndSetting(value)
	if name = strings.ToLower(name); name == "proxycommand" {
		return "proxyjump"
	}
	return name
}

// nameAndSetting takes "Port=1" or "Port 1" apart.
func nameAndSetting(option string) (name, setting string) {
	name, setting, _ = strings.Cut(strings.TrimSpace(strings.Replace(option, " ", "=", boolToInt(!strings.Contains(option, "=")))), "=")
	return strings.TrimSpace(name), strings.TrimSpace(setting)
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// harmless options ask for what happens here anyway.
var harmless = map[string]bool{
	"controlmaster": true, "controlpersist": true, "controlpath": true, "compression": true,
	"tcpkeepalive": true,
	"loglevel":     true, "batchmode": true, "forwardagent": true, "connectionattempts": true,
	"preferredauthentications": true, "identitiesonly": true, "passwordauthentication": true,
}

var throughHost = regexp.MustCompile(`^ssh\s+(?:-q\s+)?(?:-W\s+%h:%p\s+(?:-q\s+)?(\S+)|(\S+)\s+-W\s+%h:%p)$`)

func sshOption(t *transport.Target, name, setting string) error {
	switch lower := strings.ToLower(name); lower {
	case "proxyjump":
		t.ProxyJump = setting
	case "proxycommand":
		m := throughHost.FindStringSubmatch(strings.Trim(setting, `"'`))
		if m == nil {
			return fmt.Errorf("ProxyCommand %q is not supported: use ProxyJump", setting)
		}
		t.ProxyJump = m[1] + m[2]
	case "identityfile":
		t.PrivateKeyFiles = append(t.PrivateKeyFiles, setting)
	case "userknownhostsfile":
		if setting == "/dev/null" {
			return errors.New("host keys are always verified: leave UserKnownHostsFile out, or use accept-new")
		}
		t.KnownHosts = strings.Fields(setting)
	case "stricthostkeychecking":
		return strictness(t, setting)
	case "port", "connecttimeout", "serveraliveinterval", "serveralivecountmax":
		return sshNumber(t, lower, setting)
	case "user":
		t.User = setting
	default:
		if !harmless[lower] {
			return fmt.Errorf("option %s is not supported here: put it into ~/.ssh/config, or leave it out", name)
		}
	}
	return nil
}

func strictness(t *transport.Target, setting string) error {
	switch strings.ToLower(setting) {
	case "yes", "ask", "true":
		t.HostKeyChecking = "yes"
	case "accept-new":
		t.HostKeyChecking = "accept-new"
	default:
		return fmt.Errorf("StrictHostKeyChecking=%s is not supported: host keys are always verified; accept-new takes unknown ones", setting)
	}
	return nil
}

func sshNumber(t *transport.Target, name, setting string) error {
	n, err := strconv.Atoi(setting)
	if err != nil {
		return fmt.Errorf("%s=%q is no number", name, setting)
	}
	switch name {
	case "port":
		t.Port = n
	case "connecttimeout":
		t.ConnectTimeout = time.Duration(n) * time.Second
	default:
		return keepAlive(t, name, n)
	}
	return nil
}

func keepAlive(t *transport.Target, name string, n int) error {
	if n < 1 {
		return fmt.Errorf("%s=%d is not supported: a host that is gone has to be noticed; use 1 or more", name, n)
	}
	if name == "serveralivecountmax" {
		t.AliveCount = n
		return nil
	}
	t.AliveInterval = time.Duration(n) * time.Second
	return nil
}

// splitWords cuts text into words as a shell does, with quotes and backslashes.
func splitWords(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	quote, inWord := rune(0), false
	runes := []rune(text)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == '\'' || quote != 0 && r != '\\':
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == '\\' && i+1 < len(runes):
			i++
			word.WriteRune(runes[i])
			inWord = true
		case strings.ContainsRune(" \t\n", r):
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote %c is not closed", quote)
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
