package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/schema"
	"github.com/gdeploy/gdeploy/variables/lookups"
)

func schemaCommand() *cobra.Command {
	kinds := []string{"playbook", "tasks", "inventory", "settings"}
	cmd := &cobra.Command{
		Use:   "schema KIND",
		Short: "Print the JSON schema of playbooks, inventories or settings, for editors",
		Long: `Prints the JSON schema (draft 7) of playbooks, files of tasks, inventories in YAML, or
gdeploy.yaml. Editors complete and check by it. It is made of what gdeploy itself reads by;
modules of your own in library/ and the setting library are in it.

  gdeploy schema playbook > .schemas/playbook.json

and as the first line of a playbook, for editors with a YAML language server:

  # yaml-language-server: $schema=.schemas/playbook.json` + exits(exitFine, exitOptions),
		Args:      arguments(1, 1, "playbook, tasks, inventory or settings"),
		ValidArgs: kinds,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := schemaOf(cmd, args[0], kinds)
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	cmd.Flags().StringArrayP("module-path", "M", nil, helpOf("library")+"; may be repeated")
	return cmd
}

func schemaOf(cmd *cobra.Command, kind string, kinds []string) ([]byte, error) {
	switch kind {
	case "inventory":
		return schema.Inventory(), nil
	case "settings":
		return schema.Settings(settingsOf()), nil
	case "playbook", "tasks":
	default:
		return nil, badOption(fmt.Errorf("there is no schema of %q%s; there are %s", kind, didYouMean(kind, kinds), strings.Join(kinds, ", ")))
	}
	settings, err := loadSettings(cmd.Flags(), warnTo(cmd.ErrOrStderr(), nothingSecret))
	if err != nil {
		return nil, err
	}
	sources := schema.Sources{
		Modules:    allSpecs(),
		OwnModules: ownModules(append([]string{"library", "playbooks/library"}, settings.Library...)),
		Lookups:    slices.Sorted(maps.Keys(lookups.All())),
	}
	if kind == "tasks" {
		return sources.Tasks(), nil
	}
	return sources.Playbook(), nil
}

// ownModules are the names of the files in directories of modules.
func ownModules(dirs []string) []string {
	var found []string
	for _, dir := range dirs {
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			if name := entry.Name(); !entry.IsDir() && !strings.HasPrefix(name, ".") {
				found = append(found, strings.TrimSuffix(name, filepath.Ext(name)))
			}
		}
	}
	return found
}

func settingsOf() []schema.Setting {
	var all []schema.Setting
	t := reflect.TypeFor[Settings]()
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("mapstructure")
		if key == "" {
			continue
		}
		all = append(all, schema.Setting{Name: key, Help: f.Tag.Get("help"), Type: settingType(f.Type), Choices: strings.Fields(f.Tag.Get("choices"))})
	}
	return all
}

func settingType(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Int:
		return "number"
	case reflect.Bool:
		return "truth"
	case reflect.Slice:
		return "list"
	}
	return "text"
}
