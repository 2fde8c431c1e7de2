package balancer

import (
	"context"
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
	// empty, and each Set runs its command.
	Commands map[string]string
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
		return status, nil
	}
	out, err := modules.Query(ctx, sys, c.shell("query"))
	if err != nil {
		return status, fmt.Errorf("ask the balancer about %s: %w", c.Name(), err)
	}
	return c.read(status, out.Stdout)
}

func (c Command) read(status Status, printed string) (Status, error) {
	words := strings.Fields(printed)
	if len(words) == 0 {
		words = []string{""}
	}
	switch state := State(strings.ToLower(words[0])); state {
	case "unknown":
		return Status{Line: strings.TrimSpace(fmt.Sprintf("%s %s", c.Server, c.Address))}, nil
	case Ready, Drain, Maint:
		status.State = state
	default:
		return status, fmt.Errorf("the query command printed %q for %s; it must print ready, drain, maint or unknown, and may add the number of open sessions",
			strings.TrimSpace(printed), c.Name())
	}
	if len(words) > 1 {
		sessions, err := strconv.Atoi(words[1])
		if err != nil {
			return status, fmt.Errorf("the query command printed %q for %s, where the second word must be the number of open sessions", strings.TrimSpace(printed), c.Name())
		}
		status.Sessions = sessions
	}
	return status, nil
}

// Set runs the command of the state.
func (c Command) Set(ctx context.Context, sys modules.System, _ Status, state State) error {
	_, err := modules.Exec(ctx, sys, c.shell(string(state)))
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
