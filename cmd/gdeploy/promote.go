package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/report"
)

func promoteCommand() *cobra.Command {
	o := &options{}
	var from, to, only string
	cmd := &cobra.Command{
		Use:   "promote --from GROUP --to GROUP",
		Short: "Deploy to one environment exactly the code that passed in another",
		Long: `Finds the release that is live and good on all hosts of one environment, and deploys its code
to another: the same archive with the same sha256, with the other environment's own
configuration as it is today. The release keeps its name, unless the configuration has changed
since it was packed; then it is a release of its own, named <version>.<time>. With --release
it is refused where another one has passed meanwhile.

  gdeploy promote --from test-func --to prod
  gdeploy promote --from test-func --to prod --release 1a2b3c_20261123-100000
  gdeploy promote --from test-func --to prod -e batch=30% -C` + exits(allCodes...),
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if from == "" || to == "" {
				return badOption(errors.New("say with --from and --to which groups of hosts"))
			}
			if o.limit != "" {
				return badOption(errors.New("--limit has no place here: --to says which hosts get the release"))
			}
			if slices.ContainsFunc(o.extraVars, func(v string) bool { return strings.HasPrefix(v, "version=") }) {
				return badOption(errors.New("-e version has no place here, since what is live at --from is promoted: --release says which that must be"))
			}
			passed, err := findPassed(cmd, o, from)
			if err != nil {
				return err
			}
			if only != "" && only != passed.version {
				return fmt.Errorf("%s runs %s, and not %s: promote that, or deploy %s there again", from, passed.version, only, only)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s passed on %s; its code is %s\n", passed.version, from, passed.code)
			if err := cmd.Flags().Set("limit", to); err != nil {
				return err
			}
			o.extraVars = append(o.extraVars, fmt.Sprintf(`{"version": %q, "code_sha256": %q, "fresh_config": true}`, passed.version, passed.code))
			p := &playing{cmd: cmd, o: o, args: []string{"deploy.yml"}, began: thisBeginning()}
			p.began.Arguments = asPlay(cmd.Flags(), o, p.args)
			return p.run()
		},
	}
	o.connectionFlags(cmd.Flags())
	cmd.Flags().StringVar(&from, "from", "", "the environment in which it passed: a pattern of hosts")
	cmd.Flags().StringVar(&to, "to", "", "the environment that gets it")
	cmd.Flags().StringVar(&only, "release", "", "the release that must have passed there")
	completeFlags(cmd, o)
	return cmd
}

// passed is a release that all hosts of an environment run and found good.
type passed struct{ version, code string }

func findPassed(cmd *cobra.Command, o *options, from string) (passed, error) {
	if err := cmd.Flags().Set("limit", from); err != nil {
		return passed{}, err
	}
	given := o.extraVars
	defer func() { o.extraVars = given }()
	o.extraVars = append(slices.Clone(given), "verify=yes")
	table := &releaseTable{warnings: report.NewConsole(cmd.OutOrStdout(), cmd.ErrOrStderr(), report.Options{})}
	s, outcome, err := runStock(cmd, o, "releases.yml", table)
	if err != nil {
		return passed{}, err
	}
	table.sort(names(s.inventory.Hosts()))
	if err := outcomeError(outcome, ""); err != nil {
		return passed{}, errors.Join(err, table.print(cmd.OutOrStdout()))
	}
	return table.passed(from)
}

// passed is the one release of all nodes, if it is good on each of them and unchanged.
func (t *releaseTable) passed(from string) (passed, error) {
	var found passed
	var wrong []string
	for i, n := range t.nodes {
		r := n.find(n.Current)
		p := passed{n.Current, r.Code}
		switch {
		case n.Current == "":
			wrong = append(wrong, n.Host+" has no release")
		case r.State != "good":
			wrong = append(wrong, fmt.Sprintf("on %s it is %s, and not good", n.Host, r.State))
		case len(n.Drift) > 0:
			wrong = append(wrong, fmt.Sprintf("on %s its files were changed: %s", n.Host, n.Drift[0]))
		case i > 0 && found != p:
			wrong = append(wrong, fmt.Sprintf("%s runs %s, and others %s", n.Host, n.Current, found.version))
		default:
			found = p
		}
	}
	switch {
	case len(t.nodes) == 0:
		return found, fmt.Errorf("%s has no hosts with releases", from)
	case len(wrong) > 0:
		return found, fmt.Errorf("there is no release that passed on all of %s: %s", from, strings.Join(wrong, "; "))
	case found.code == "":
		return found, fmt.Errorf("%s was adopted and has no archive that could be promoted", found.version)
	}
	return found, nil
}
