package main

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/spf13/cobra"
)

// settingFields are the fields of Settings that are settings, in their order.
var settingFields = sync.OnceValue(func() []reflect.StructField {
	var fields []reflect.StructField
	t := reflect.TypeFor[Settings]()
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("mapstructure") != "" {
			fields = append(fields, t.Field(i))
		}
	}
	return fields
})

// settingByKey finds those fields.
var settingByKey = sync.OnceValue(func() map[string]reflect.StructField {
	byKey := map[string]reflect.StructField{}
	for _, field := range settingFields() {
		byKey[field.Tag.Get("mapstructure")] = field
	}
	return byKey
})

// settingKeys are the names of the settings, in the order of the fields of Settings.
func settingKeys() []string {
	var keys []string
	for _, field := range settingFields() {
		keys = append(keys, field.Tag.Get("mapstructure"))
	}
	return keys
}

// tagOf gives what a tag of Settings says of a setting.
func tagOf(key, tag string) string { return settingByKey()[key].Tag.Get(tag) }

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
