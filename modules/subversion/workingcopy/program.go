package workingcopy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// Program is the svn program and how it logs in. It never asks anybody anything.
type Program struct {
	Executable string
	Username   string
	// Password goes to svn on stdin.
	Password string
	// TrustAnyone takes certificates that nobody vouches for.
	TrustAnyone bool
}

// local makes a call of svn that stays on the host.
func (p Program) local(dir string, args ...string) modules.Command {
	return modules.Command{
		Argv: append(append([]string{p.Executable}, args...), "--non-interactive"),
		Dir:  dir,
		Env:  []string{"LC_ALL=C.UTF-8"},
	}
}

// remote makes a call of svn that asks the server. Targets come last.
func (p Program) remote(dir string, args []string, targets ...string) modules.Command {
	c := p.local(dir, args...)
	c.Argv = append(c.Argv, "--no-auth-cache")
	if p.TrustAnyone {
		c.Argv = append(c.Argv, "--trust-server-cert")
	}
	if p.Username != "" {
		c.Argv = append(c.Argv, "--username", p.Username)
	}
	if p.Password != "" {
		c.Argv = append(c.Argv, "--password-from-stdin")
		c.Stdin = []byte(p.Password + "\n")
	}
	c.Argv = append(append(c.Argv, "--"), targets...)
	return c
}

// Tree is what svn tells about a tree.
type Tree struct {
	URL, Root string
	// Number is the revision that was asked for; Changed the one in which the tree last
	// changed, up to then.
	Number, Changed string
}

// Path is the tree's place below the repository's root, such as /branches/next.
func (t Tree) Path() string { return "/" + strings.Trim(strings.TrimPrefix(t.URL, t.Root), "/") }

// readInfo reads what "svn info" prints.
func readInfo(text string) Tree {
	var t Tree
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "URL":
			t.URL = value
		case "Repository Root":
			t.Root = value
		case "Revision":
			t.Number = value
		case "Last Changed Rev":
			t.Changed = value
		}
	}
	return t
}

// unpegged keeps svn from reading a @ in a name as the mark of a revision.
func unpegged(target string) string {
	if strings.Contains(target[strings.LastIndex(target, "/")+1:], "@") {
		return target + "@"
	}
	return target
}

func (c Copy) query(ctx context.Context, sys modules.System, command modules.Command) (string, error) {
	out, err := modules.Query(ctx, sys, command)
	return out.Stdout, c.explain(sys, err)
}

func (c Copy) exec(ctx context.Context, sys modules.System, command modules.Command) error {
	_, err := modules.Exec(ctx, sys, command)
	return c.explain(sys, err)
}

// explain adds to what svn said what the operator can do.
func (c Copy) explain(sys modules.System, err error) error {
	program, ok := errors.AsType[*modules.ProgramError](err)
	if !ok {
		return err
	}
	return &failure{program, fmt.Sprintf("%s: %s%s", modules.CommandLine(program.Argv), program.Said(), c.hint(sys, program.Said()))}
}

// failure is a call of svn that failed.
type failure struct {
	program *modules.ProgramError
	text    string
}

// Error is what the operator reads.
func (f *failure) Error() string { return f.text }

// Unwrap gives the program's end.
func (f *failure) Unwrap() error { return f.program }

// says reports whether err is a call of svn that failed with one of the codes.
func says(err error, codes ...string) bool {
	f, ok := errors.AsType[*failure](err)
	for _, code := range codes {
		if ok && strings.Contains(f.text, code) {
			return true
		}
	}
	return false
}

// svn's numbers of errors.
const (
	noSuchPath     = "E160013"
	noSuchURL      = "E170000"
	noSuchRevision = "E160006"
	notFound       = "W170000"
)

func (c Copy) hint(sys modules.System, said string) string {
	has := func(codes ...string) bool {
		for _, code := range codes {
			if strings.Contains(said, code) {
				return true
			}
		}
		return false
	}
	switch {
	case has("E215004", "E170001"):
		return "\nThe server wants another user or password: give username and password"
	case has("E230001"):
		return "\nNobody vouches for the server's certificate: add its authority to the host, or set validate_certs: false"
	case has("E155037", "E155004"):
		return "\nAn svn that was killed has left " + c.Dir + " locked: run svn cleanup there"
	case has("E195012", "E195020"):
		return "\n" + c.Dir + " is of another repository or branch line: move it away, or choose another dest"
	case has("E155036"):
		return "\n" + c.Dir + " was made by an older svn: run svn upgrade there"
	case has("E200031", "E155010", "EACCES", "Permission denied"):
		return "\nsvn runs as " + sys.Self().Name + "; run the task as the owner of the tree (become_user)"
	}
	return ""
}
