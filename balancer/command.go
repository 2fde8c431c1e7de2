package balancer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// Command drives any balancer by shell commands, one for each state. They get BACKEND,
// SERVER and ADDRESS in their environment.
type Command struct {
	Server, Backend, Address string
	// Commands are the shell command for each state, and under "query" one that prints
	// the state and, if it can, the number of open sessions: "drain 3". It prints
	// "unknown" for a server that the balancer does not have. Without it the state is
	// what was set last, empty before that, and each Set runs its command.
	Commands map[string]string
	// StateDir is where the state is kept that was set last, where there is no query.
	StateDir string
}

// Name says which server it is.
func (c Command) Name() string { return join(c.Backend, c.Server) }

func join(backend, server string) string {
	if backend == "" {
		return server
	}
	return backend + "/" + server
}

// Query runs the query command.
func (c Command) Query(ctx context.Context, sys modules.System) (Status, error) {
	status := Status{Known: true, Up: true, Check: "not told", Sessions: -1, Weight: -1}
	if c.Commands["query"] == "" {
		return c.memory().recall(sys, status)
	}
	out, err := modules.Query(ctx, sys, c.shell("query"))
	if err != nil {
		return status, fmt.Errorf("ask the balancer about %s: %w", c.Name(), err)
	}
	return c.read(status, out.Stdout)
}

func (c Command) memory() memory { return memory{dir: c.StateDir, kind: "command", name: c.Name()} }

func (c Command) read(status Status, printed string) (Status, error) {
	status, err := readWords(status, printed)
	if err != nil {
		return status, fmt.Errorf("the query command printed %q for %s; %w", strings.TrimSpace(printed), c.Name(), err)
	}
	if !status.Known {
		status.Line = strings.TrimSpace(fmt.Sprintf("%s %s", c.Server, c.Address))
	}
	return status, nil
}

// readWords reads "drain 3": a state, and maybe the number of open sessions.
func readWords(status Status, printed string) (Status, error) {
	words := append(strings.Fields(printed), "", "")
	switch state := State(strings.ToLower(words[0])); state {
	case "unknown":
		return Status{}, nil
	case Ready, Drain, Maint:
		status.State = state
	default:
		return status, errors.New("it must print ready, drain, maint or unknown, and may add the number of open sessions")
	}
	if words[1] == "" {
		return status, nil
	}
	sessions, err := strconv.Atoi(words[1])
	if err != nil {
		return status, errors.New("the second word must be the number of open sessions")
	}
	status.Sessions = sessions
	return status, nil
}

// Set runs the command of the state.
func (c Command) Set(ctx context.Context, sys modules.System, _ Status, state State) error {
	run := func() error {
		_, err := modules.Exec(ctx, sys, c.shell(string(state)))
		return err
	}
	var err error
	if c.Commands["query"] == "" {
		err = c.memory().around(sys, state, run)
	} else {
		err = run()
	}
	if err != nil {
		return fmt.Errorf("set %s to %s: %w", c.Name(), state, err)
	}
	return nil
}

func (c Command) shell(name string) modules.Command {
	return modules.Command{
		Argv: []string{"/bin/sh", "-c", c.Commands[name]},
		Env:  []string{"BACKEND=" + c.Backend, "SERVER=" + c.Server, "ADDRESS=" + c.Address},
	}
}
