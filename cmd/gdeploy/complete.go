package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/modules/docs"
	"github.com/gdeploy/gdeploy/playbooks/stock"
)

// completion gives what a shell may complete a word to.
type completion = func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective)

// completeFlags tells shells what the values of flags are. Flags that take files are
// left to the shell.
func completeFlags(cmd *cobra.Command, o *options) {
	for name, complete := range map[string]completion{
		"limit":             o.completeHosts,
		"host":              o.completeHosts,
		"module-name":       completeModules,
		"connection":        fixed("ssh", "local"),
		"become-method":     fixed("sudo", "su", "doas"),
		"host-key-checking": fixed("yes", "accept-new"),
		"output":            fixed("console", "json"),
	} {
		if cmd.Flags().Lookup(name) == nil {
			continue
		}
		if err := cmd.RegisterFlagCompletionFunc(name, complete); err != nil {
			panic(err) // registered twice
		}
	}
}

func fixed(words ...string) completion {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

func completeModules(_ *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	for _, spec := range sortedSpecs() {
		names = append(names, cobra.CompletionWithDesc(spec.Name, docs.Summary(spec.Name)))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completePlaybooks gives the playbooks here, in playbooks/ and those that are shipped.
func completePlaybooks(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	if !strings.Contains(word, "/") {
		names = append(names, yamlFiles(stock.Files, ".")...)
		names = append(names, yamlFiles(os.DirFS("playbooks"), ".")...)
	}
	dir := filepath.Dir(word)
	if strings.HasSuffix(word, "/") {
		dir = word
	}
	for _, name := range yamlFiles(os.DirFS(expand(dir)), ".") {
		names = append(names, filepath.Join(dir, name))
	}
	for _, name := range subdirectories(expand(dir)) {
		names = append(names, filepath.Join(dir, name)+"/")
	}
	return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func yamlFiles(files fs.FS, dir string) []cobra.Completion {
	entries, _ := fs.ReadDir(files, dir)
	var names []cobra.Completion
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); !e.IsDir() && (ext == ".yml" || ext == ".yaml") && e.Name() != "gdeploy.yaml" {
			names = append(names, e.Name())
		}
	}
	return names
}

func subdirectories(dir string) []string {
	entries, _ := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

// completeHosts completes the last name of a pattern to groups and hosts.
func (o *options) completeHosts(cmd *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	cmd.SetErr(nobody{}) // warnings would stand in the shell's line
	s, err := newSession(cmd, &options{vaultID: o.vaultID}, workingDir())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	before := word[:strings.LastIndexAny(word, ",:&!")+1]
	var names []cobra.Completion
	for _, group := range s.inventory.Groups() {
		names = append(names, before+group.Name)
	}
	for _, host := range s.inventory.Hosts() {
		names = append(names, before+host.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// nobody reads what is written to it.
type nobody struct{}

// Write takes everything.
func (nobody) Write(p []byte) (int, error) { return len(p), nil }
