package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/docs"
)

func docCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doc [MODULE]...",
		Short: "Tell what modules there are, and what each takes",
		Long: `Lists the modules, or prints what a module does, its parameters and examples.

  gdeploy doc
  gdeploy doc copy release_switch` + exits(exitFine, exitOptions),
		ValidArgsFunction: completeModules,
		RunE: func(cmd *cobra.Command, names []string) error {
			if len(names) == 0 {
				return listModules(cmd.OutOrStdout())
			}
			return printModules(cmd.OutOrStdout(), names)
		},
	}
}

// listModules prints each module with the sentence that says what it does.
func listModules(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, spec := range sortedSpecs() {
		fmt.Fprintf(w, "%s\t%s\n", spec.Name, docs.Summary(spec.Name))
	}
	return w.Flush()
}

func sortedSpecs() []modules.Spec {
	specs := allSpecs()
	slices.SortFunc(specs, func(a, b modules.Spec) int { return cmp.Compare(a.Name, b.Name) })
	return specs
}

// printModules prints the pages of the modules, if all are known.
func printModules(out io.Writer, names []string) error {
	specs := allSpecs()
	pages := make([]string, len(names))
	for i, name := range names {
		spec, ok := modules.Find(specs, name)
		if !ok {
			return noSuchModule(specs, name)
		}
		pages[i] = docs.Render(spec)
	}
	for i, page := range pages {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprint(out, page)
	}
	return nil
}

// languageWords are what a task may name that is no module.
var languageWords = []string{"import_playbook", "import_role", "import_tasks", "include_role", "include_tasks", "meta"}

func noSuchModule(specs []modules.Spec, name string) error {
	if slices.Contains(languageWords, name) {
		return badOption(fmt.Errorf("%s is a word of the playbook language, not a module: docs/ansible.md tells of it", name))
	}
	if near := modules.Nearest(specs, name); near != "" {
		return badOption(fmt.Errorf("there is no module %q: did you mean %q?", name, near))
	}
	return badOption(fmt.Errorf("there is no module %q: gdeploy doc lists them", name))
}
