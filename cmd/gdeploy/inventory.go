package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gdeploy/gdeploy/inventory"
)

// view says what gdeploy inventory shows.
type view struct {
	list, graph bool
	host        string
	yaml, toml  bool
	output      string
	listing     inventory.Listing
}

func inventoryCommand() *cobra.Command {
	o := &options{}
	v := view{}
	cmd := &cobra.Command{
		Use:   "inventory [GROUP]",
		Short: "Show hosts, groups and their variables",
		Long: `Shows what the inventory says, in the forms of ansible-inventory: --list, --host NAME or
--graph [GROUP].

  gdeploy inventory --graph --vars
  gdeploy inventory --list --export --yaml --output all.yml
  gdeploy inventory --host web1` + exits(exitFine, exitGeneric, exitUnreachable, exitOptions),
		Args:              arguments(0, 1, "a group"),
		ValidArgsFunction: o.completeHosts,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := newSession(cmd, o, "")
			if err != nil {
				return err
			}
			if o.verbose > 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), configLine(cmp.Or(s.settings.ansible, s.settings.file)))
			}
			v.listing.Extra, v.listing.NoPlaybookDir = s.extra, s.settings.PlaybookDir == ""
			return v.show(cmd.OutOrStdout(), s.inventory, append(args, "all")[0])
		},
	}
	o.inventoryFlags(cmd.Flags())
	v.flags(cmd.Flags(), o)
	completeFlags(cmd, o)
	cmd.MarkFlagsOneRequired("list", "host", "graph")
	cmd.MarkFlagsMutuallyExclusive("list", "host", "graph")
	return cmd
}

func (v *view) flags(f *pflag.FlagSet, o *options) {
	f.BoolVar(&v.list, "list", false, "all groups, hosts and variables")
	f.StringVar(&v.host, "host", "", "the variables of one host")
	f.BoolVar(&v.graph, "graph", false, "the groups as a tree")
	f.BoolVar(&v.listing.GraphVars, "vars", false, "with --graph: the variables too")
	f.BoolVarP(&v.yaml, "yaml", "y", false, "YAML in place of JSON")
	f.BoolVar(&v.toml, "toml", false, "TOML in place of JSON")
	f.BoolVar(&v.listing.Export, "export", false, "with --list: the variables of groups stay with their groups")
	f.StringVar(&v.output, "output", "", "write to this file")
	f.String("playbook-dir", "", helpOf("playbook_dir"))
	f.StringVarP(&o.limit, "limit", "l", "", "only these hosts: a pattern, or @FILE")
	f.StringArrayVarP(&o.extraVars, "extra-vars", "e", nil, "variables: k=v, JSON or YAML, or @FILE; they win over all others")
	f.CountVarP(&o.verbose, "verbose", "v", "tell which file of settings was read")
}

// show prints to the screen, or to the file of --output, which gets no line end, as from
// ansible-inventory.
func (v view) show(out io.Writer, inv *inventory.Inventory, group string) error {
	if v.output == "" {
		return v.print(out, inv, group)
	}
	var text bytes.Buffer
	if err := v.print(&text, inv, group); err != nil {
		return err
	}
	return os.WriteFile(v.output, bytes.TrimSuffix(text.Bytes(), []byte("\n")), 0o644)
}

func (v view) print(out io.Writer, inv *inventory.Inventory, group string) error {
	switch {
	case v.yaml:
		v.listing.Format = inventory.YAML
	case v.toml:
		v.listing.Format = inventory.TOML
	}
	switch {
	case v.list:
		return inv.WriteList(out, v.listing)
	case v.host != "":
		host, err := oneHost(inv, v.host)
		if err != nil {
			return err
		}
		return inv.WriteHost(out, host, v.listing)
	}
	g := inv.Group(group)
	if g == nil {
		return badOption(fmt.Errorf("the inventory has no group %q", group))
	}
	return inv.WriteGraph(out, g, v.listing)
}

// oneHost gives the host of a name, or the one that a pattern chooses.
func oneHost(inv *inventory.Inventory, pattern string) (*inventory.Host, error) {
	hosts, err := inv.Select(pattern)
	switch {
	case err != nil:
		return nil, badOption(err)
	case len(hosts) == 0:
		return nil, badOption(fmt.Errorf("the inventory has no host %q", pattern))
	case len(hosts) > 1:
		return nil, badOption(errors.New("You must pass a single valid host to --host parameter")) //lint:ignore ST1005 scripts look for this sentence
	}
	return hosts[0], nil
}
