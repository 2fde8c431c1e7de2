package checkout

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

var webServer = regexp.MustCompile(`^(https?://)(?:[^/@]*@)?([^/]+)`)

// logIn gives user and password to git in a file that only this user can read and that goes
// with the call: neither arguments nor environment nor the repository's settings show them.
func (p *Program) logIn(sys modules.System, url string) error {
	if p.Username == "" && p.Password == "" {
		return nil
	}
	server := webServer.FindStringSubmatch(url)
	if server == nil {
		return fmt.Errorf("username and password are for repositories by https, and repo is %s: use key_file for SSH", withoutPassword(url))
	}
	line := server[1] + escaped(p.Username) + ":" + escaped(p.Password) + "@" + server[2] + "\n"
	var err error
	p.credentials, err = sys.WriteTemp("credentials", []byte(line))
	return err
}

// escaped writes a name or password as a URL has it.
func escaped(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
