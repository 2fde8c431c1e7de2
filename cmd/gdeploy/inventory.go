package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/inventory"
)

// view says what gdeploy inventory shows.
type view struct {
	list, graph, vars, yaml bool
	host                    string
}

func inventoryCommand() *cobra.Command {
	o := &options{}
	v := view{}
	cmd := &cobra.Command{
		Use:               "inventory [GROUP]",
		Short:             "Show hosts, groups and their variables",
		Long:              "Shows what the inventory says, in the forms of ansible-inventory: --list, --host NAME or --graph [GROUP]." + exits(exitFine, exitGeneric, exitUnreachable, exitOptions),
		Args:              arguments(0, 1, "a group"),
		ValidArgsFunction: o.completeHosts,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := newSession(cmd, o, workingDir())
			if err != nil {
				return err
			}
			return v.show(cmd.OutOrStdout(), s.inventory, append(args, "all")[0])
		},
	}
	f := cmd.Flags()
	o.inventoryFlags(f)
	f.BoolVar(&v.list, "list", false, "all groups, hosts and variables")
	f.StringVar(&v.host, "host", "", "the variables of one host")
	f.BoolVar(&v.graph, "graph", false, "the groups as a tree")
	f.BoolVar(&v.vars, "vars", false, "with --graph: the variables too")
	f.BoolVarP(&v.yaml, "yaml", "y", false, "YAML in place of JSON")
	completeFlags(cmd, o)
	cmd.MarkFlagsOneRequired("list", "host", "graph")
	cmd.MarkFlagsMutuallyExclusive("list", "host", "graph")
	return cmd
}

func (v view) show(out io.Writer, inv *inventory.Inventory, group string) error {
	format := inventory.JSON
	if v.yaml {
		format = inventory.YAML
	}
	switch {
	case v.list:
		return inv.WriteList(out, format)
	case v.host != "":
		host := inv.Host(v.host)
		if host == nil {
			return badOption(fmt.Errorf("the inventory has no host %q", v.host))
		}
		return inv.WriteHost(out, host, format)
	}
	return v.tree(out, inv, group)
}

func (v view) tree(out io.Writer, inv *inventory.Inventory, name string) error {
	group := inv.Group(name)
	if group == nil {
		return badOption(errors.New("the inventory has no group \"" + name + "\""))
	}
	if v.vars {
		return inv.WriteGraphWithVars(out, group)
	}
	return inv.WriteGraph(out, group)
}
