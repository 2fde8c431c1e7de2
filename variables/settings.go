package variables

import (
	"github.com/gdeploy/gdeploy/values"
)

// setting gives a setting by Ansible's name for it: one of those that decide how variables
// work, or one of Settings.
func (o Options) setting(name string) (values.Value, bool) {
	switch name {
	case "CONFIG_FILE":
		if o.ConfigFile == "" {
			return values.Null, true
		}
		return values.String(o.ConfigFile), true
	case "DEFAULT_FORKS":
		return values.Int(int64(o.Forks)), true
	case "DEFAULT_HASH_BEHAVIOUR":
		if o.MergeHashes {
			return values.String("merge"), true
		}
		return values.String("replace"), true
	case "DEFAULT_HOST_LIST":
		return values.Strings(o.InventorySources...), true
	case "DEFAULT_JINJA2_NATIVE":
		return values.Bool(o.Native), true
	case "DEFAULT_PRIVATE_ROLE_VARS":
		return values.Bool(o.PrivateRoleVars), true
	case "DEFAULT_VERBOSITY":
		return values.Int(int64(o.Verbosity)), true
	case "INJECT_FACTS_AS_VARS":
		return values.Bool(!o.KeepFactsApart), true
	}
	v, ok := o.Settings[name]
	return v, ok
}
