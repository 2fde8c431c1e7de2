package main

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/spf13/cobra"
)

// settingKeys are the names of the settings, in the order of the fields of Settings.
func settingKeys() []string {
	var keys []string
	t := reflect.TypeFor[Settings]()
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("mapstructure"); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// tagOf gives what a tag of Settings says of a setting.
func tagOf(key, tag string) string {
	t := reflect.TypeFor[Settings]()
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("mapstructure") == key {
			return t.Field(i).Tag.Get(tag)
		}
	}
	return ""
}

// helpOf is what a setting, and the flag that sets it, is for.
func helpOf(key string) string { return tagOf(key, "help") }

// variableOf is a setting's name in the environment.
func variableOf(key string) string { return "GDEPLOY_" + strings.ToUpper(key) }

// settingsCommand is a page of help: gdeploy help settings.
func settingsCommand() *cobra.Command {
	return &cobra.Command{Use: "settings", Short: "What gdeploy.yaml and GDEPLOY_* may say", Long: settingsPage()}
}

func settingsPage() string {
	var b strings.Builder
	b.WriteString(`The settings of gdeploy.yaml, which is looked for here, in ~/.config/gdeploy and in
/etc/gdeploy, or is the file that GDEPLOY_CONFIG names. The first one found counts. Its
relative paths start at its directory.

Over the file wins the environment, where a setting is written GDEPLOY_FORKS, and the
parts of a list stand between colons (of an inventory, between commas). Over both wins the
flag.
`)
	for _, key := range settingKeys() {
		fmt.Fprintf(&b, "\n  %s\n      %s", key, helpOf(key))
		if flag := tagOf(key, "flag"); flag != "" {
			fmt.Fprintf(&b, " (--%s)", flag)
		}
		if value := settingDefaults[key]; value != nil {
			fmt.Fprintf(&b, "; %s where nobody says", strings.Trim(fmt.Sprint(value), "[]"))
		}
	}
	return b.String()
}
