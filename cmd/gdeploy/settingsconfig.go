package main

import (
	"reflect"

	"github.com/gdeploy/gdeploy/values"
)

// config are the settings by the names that Ansible's lookup config has for them.
func (s Settings) config() map[string]values.Value {
	named := map[string]values.Value{}
	all := reflect.ValueOf(s)
	for i := range all.NumField() {
		name := all.Type().Field(i).Tag.Get("config")
		if name != "" {
			named[name] = configValue(all.Field(i))
		}
	}
	return named
}

// configValue is null where nobody says anything.
func configValue(v reflect.Value) values.Value {
	switch x := v.Interface().(type) {
	case bool:
		return values.Bool(x)
	case int:
		return values.Int(int64(x))
	case []string:
		return values.Strings(x...)
	case string:
		switch x {
		case "":
			return values.Null
		case "yes", "no":
			return values.Bool(x == "yes")
		}
		return values.String(x)
	}
	return values.Null
}
