package apt

import (
	"context"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// clean removes all packages that were fetched, which is no change of the host to the operator.
func clean(ctx context.Context, sys modules.System) error {
	return modules.Aside(sys, func(sys modules.System) error {
		_, err := modules.Exec(ctx, sys, modules.Command{Argv: []string{"apt-get", "clean"}, Env: environment})
		return err
	})
}

// autoclean removes fetched packages that are no longer to be had.
func (m *Module) autoclean(ctx context.Context, sys modules.System) (modules.Result, error) {
	argv := append(m.flags(), "autoclean")
	out, err := modules.Query(ctx, sys, modules.Command{Argv: append(argv[:len(argv):len(argv)], "--simulate"), Env: environment})
	if err == nil && strings.Contains(out.Stdout, "Del ") {
		out, err = modules.Exec(ctx, sys, modules.Command{Argv: argv, Env: environment})
	}
	told := values.NewMap(4)
	addOutput(told, out)
	return modules.Result{Data: told}, err
}

// keep notes of packages that came for others that they are wanted for themselves, so that autoremove leaves them.
func keep(ctx context.Context, sys modules.System, wanted []string, there map[string]state) error {
	const states = "/var/lib/apt/extended_states"
	text, err := modules.ReadFile(sys, states, 64<<20)
	if err != nil {
		return nil // none came for others
	}
	automatic := map[string]bool{}
	for entry := range strings.SplitSeq(string(text), "\n\n") {
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimLeft(entry, "\n"), "Package: "), "\n")
		automatic[name] = strings.Contains(entry, "\nAuto-Installed: 1")
	}
	argv := []string{"apt-mark", "manual"}
	for _, name := range wanted {
		if there[bare(name)].installed && automatic[bare(name)] {
			argv = append(argv, bare(name))
		}
	}
	if len(argv) == 2 {
		return nil
	}
	return modules.Aside(sys, func(sys modules.System) error {
		_, err := modules.Exec(ctx, sys, modules.Command{Argv: argv, Env: environment})
		return err
	})
}
