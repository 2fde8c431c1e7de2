package checkout

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// Program is the git program and how it logs in. It never asks anybody anything.
type Program struct {
	Executable string
	// Umask for the files; empty is the host's.
	Umask string
	// KeyFile and the following are for repositories by SSH.
	KeyFile string
	// Username and Password are for repositories by HTTPS.
	Username, Password string
	// credentials is the file that git reads them from.
	credentials      string
	SSHOptions       string
	AcceptAnyHostKey bool
	AcceptNewHostKey bool
}

// command makes a call of git in a directory.
func (p Program) command(dir string, args ...string) modules.Command {
	argv := append([]string{p.Executable}, args...)
	if p.credentials != "" { // and no other helper, which could answer first or keep them
		argv = slices.Insert(argv, 1, "-c", "credential.helper=", "-c", "credential.helper=store --file="+quote(p.credentials))
	}
	if p.Umask != "" {
		argv = append([]string{"/bin/sh", "-c", "umask " + p.Umask + ` && exec "$@"`, "sh"}, argv...)
	}
	return modules.Command{Argv: argv, Dir: dir, Env: p.environment()}
}

// environment keeps git and ssh from asking. A task's own GIT_SSH_COMMAND is only
// replaced where parameters say something about SSH.
func (p Program) environment() []string {
	env := []string{"GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=/bin/false", "SSH_ASKPASS=/bin/false", "SSH_ASKPASS_REQUIRE=force"}
	var options []string
	if p.KeyFile != "" {
		options = append(options, "-i", quote(p.KeyFile), "-o", "IdentitiesOnly=yes")
	}
	if p.AcceptAnyHostKey {
		options = append(options, "-o", "StrictHostKeyChecking=no")
	}
	if p.AcceptNewHostKey {
		options = append(options, "-o", "StrictHostKeyChecking=accept-new")
	}
	if p.SSHOptions != "" {
		options = append(options, p.SSHOptions)
	}
	if len(options) > 0 {
		env = append(env, "GIT_SSH_COMMAND=ssh -o BatchMode=yes "+strings.Join(options, " "))
	}
	return env
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

var credentials = regexp.MustCompile(`(://)[^/@\s]+@`)

// failure is a call of git that failed.
type failure struct {
	program *modules.ProgramError
	text    string
}

// Error is what the operator reads.
func (f *failure) Error() string { return f.text }

// Unwrap gives the program's end.
func (f *failure) Unwrap() error { return f.program }

// isCode reports whether err is a call of git that ended with a code.
func isCode(err error, code int) bool {
	program, ok := errors.AsType[*modules.ProgramError](err)
	return ok && program.RC == code
}

// explain turns what git said into what the operator can do about it.
func (r Repository) explain(sys modules.System, err error) error {
	program, ok := errors.AsType[*modules.ProgramError](err)
	if !ok {
		return err
	}
	shown := *program
	shown.Stdout, shown.Stderr = withoutPassword(program.Stdout), withoutPassword(program.Stderr)
	said := shown.Said()
	return &failure{&shown, fmt.Sprintf("%s: %s%s", withoutPassword(modules.CommandLine(program.Argv)), said, r.hint(sys, said))}
}

// withoutPassword takes user and password out of URLs.
func withoutPassword(text string) string { return credentials.ReplaceAllString(text, "$1") }

func (r Repository) hint(sys modules.System, said string) string {
	switch {
	case strings.Contains(said, "dubious ownership"):
		return "\n" + r.ownership(sys, said)
	case strings.Contains(said, "Host key verification failed"):
		return "\nThe server's key is not in this user's known_hosts: add it with the module known_hosts, or set accept_newhostkey: true"
	case strings.Contains(said, "Permission denied (publickey"):
		return "\nThe server does not take the key: give the right one with key_file, or let the server know it"
	case strings.Contains(said, "could not read Username"), strings.Contains(said, "could not read Password"), strings.Contains(said, "Authentication failed"):
		return "\nThe server wants a user and password, or others than these, and nobody can be asked: give username and password, or use SSH with key_file"
	case strings.Contains(said, ".lock': File exists"):
		return "\nA git that was killed has left that lock: if none is running there, remove the file"
	case strings.Contains(said, "already exists and is not an empty directory"):
		return "\n" + r.Dir + " has files and is no git repository: move it away, or choose another dest"
	case strings.Contains(said, "does not appear to be a git repository"), strings.Contains(said, "Repository not found"):
		return "\nIs repo right, and may " + sys.Self().Name + " read it? It is " + withoutPassword(r.URL)
	}
	return ""
}

var repositoryAt = regexp.MustCompile(`repository at '([^']+)'`)

// ownership tells who owns the tree, who runs git, and what to do.
func (r Repository) ownership(sys modules.System, said string) string {
	dir, self := r.Dir, sys.Self().Name
	if found := repositoryAt.FindStringSubmatch(said); found != nil {
		dir = found[1]
	}
	owner := "somebody else"
	if st, err := sys.Stat(dir); err == nil {
		owner = modules.OwnerName(sys, st.UID)
	}
	way := fmt.Sprintf("run the task as its owner (become_user: %s)", owner)
	if path.Clean(dir) != path.Clean(r.Dir) && path.Clean(dir) != path.Join(r.Dir, ".git") {
		way = fmt.Sprintf("let %s trust it (git config --global --add safe.directory %s)", self, dir)
	}
	return fmt.Sprintf("%s belongs to %s, and git, running as %s, does not trust it: %s, or give it to %s", dir, owner, self, way, self)
}

// exec runs git where it changes something.
func (r Repository) exec(ctx context.Context, sys modules.System, c modules.Command) error {
	_, err := modules.Exec(ctx, sys, c)
	return r.explain(sys, err)
}

// look runs git on the tree without changing anything. Root looks as the owner of the
// tree: git refuses to read what belongs to somebody else.
func (r Repository) look(ctx context.Context, sys modules.System, args ...string) (string, error) {
	c := r.command(r.Dir, args...)
	if st, err := sys.Stat(r.Dir); err == nil && sys.Self().UID == 0 && st.UID != 0 {
		if owner, err := sys.User(fmt.Sprint(st.UID)); err == nil {
			c.User = owner.Name
		}
	}
	out, err := modules.Query(ctx, sys, c)
	return strings.TrimRight(out.Stdout, "\n"), r.explain(sys, err)
}
