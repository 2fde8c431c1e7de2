package serve

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/gdeploy/gdeploy/transport/wire"
)

// commandFor gives the command that starts program as another user. With a password sudo
// must ask, always and with our own words, so that nothing is written before it listens.
func commandFor(b wire.Become, program, nonce string) ([]string, error) {
	exe := b.Exe
	if exe == "" {
		exe = b.Method
	}
	serve := append([]string{program}, wire.Arguments[:]...)
	flags := b.Flags
	switch b.Method {
	case "sudo":
		if len(flags) == 0 {
			flags = []string{"-H", "-n"}
		}
		if b.Password != "" {
			flags = append(withoutFlag(flags, 'n'), "-k", "-S", "-p", nonce)
		}
		return slices.Concat([]string{exe}, flags, []string{"-u", b.User}, serve), nil
	case "doas":
		if len(flags) == 0 && b.Password == "" {
			flags = []string{"-n"}
		}
		return slices.Concat([]string{exe}, flags, []string{"-u", b.User}, serve), nil
	case "su":
		return slices.Concat([]string{exe}, flags, []string{b.User, "-c", "exec '" + strings.ReplaceAll(program, "'", `'\''`) + "' " + strings.Join(wire.Arguments[:], " ")}), nil
	}
	return nil, fmt.Errorf("become method %q is not known; choose sudo, su or doas", b.Method)
}

// withoutFlag leaves a one-letter flag out, alone or among others.
func withoutFlag(flags []string, letter byte) []string {
	var kept []string
	for _, flag := range flags {
		if len(flag) > 1 && flag[0] == '-' && flag[1] != '-' {
			flag = strings.ReplaceAll(flag, string(letter), "")
		}
		if flag != "-" {
			kept = append(kept, flag)
		}
	}
	return kept
}

// direct tells whether to change the user without help: root may, and a host without
// sudo leaves nothing else.
func direct(self wire.Hello, b wire.Become) bool {
	if self.UID != 0 || b.Method != "sudo" || b.Exe != "" {
		return false
	}
	_, err := exec.LookPath("sudo")
	return err != nil
}

// setUser makes the command the program itself, as the other user. id knows users that
// are in no file, too.
func (e *escalation) setUser(program string) error {
	var numbers [3][]uint32
	for i, flag := range []string{"-u", "-g", "-G"} {
		out, err := exec.Command("id", flag, "--", e.become.User).Output()
		if err != nil {
			return fmt.Errorf("there is no user %q, and no sudo", e.become.User)
		}
		for _, word := range strings.Fields(string(out)) {
			n, err := strconv.ParseUint(word, 10, 32)
			if err != nil {
				return err
			}
			numbers[i] = append(numbers[i], uint32(n))
		}
	}
	if len(numbers[0]) != 1 || len(numbers[1]) != 1 {
		return fmt.Errorf("id does not tell who %q is", e.become.User)
	}
	e.cmd.Path, e.cmd.Args, e.cmd.Err = program, append([]string{program}, wire.Arguments[:]...), nil
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: numbers[0][0], Gid: numbers[1][0], Groups: numbers[2]}}
	e.cmd.Env = append(e.cmd.Env, "USER="+e.become.User, "LOGNAME="+e.become.User, "HOME="+homeOf(e.become.User))
	return nil
}

// homeOf reads a user's home from passwd.
func homeOf(user string) string {
	content, _ := os.ReadFile("/etc/passwd") // without it, / serves
	for line := range strings.Lines(string(content)) {
		if fields := strings.Split(strings.TrimSpace(line), ":"); len(fields) == 7 && fields[0] == user {
			return fields[5]
		}
	}
	return "/"
}

// setSession keeps the command apart from this one's terminal, if any, and gives it its
// own where it needs one.
func (e *escalation) setSession(terminal bool) {
	if e.cmd.SysProcAttr == nil {
		e.cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	e.cmd.SysProcAttr.Setsid = true
	e.cmd.SysProcAttr.Setctty = terminal // stdin, which is descriptor 0
}
