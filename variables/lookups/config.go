package lookups

import (
	"fmt"

	"github.com/gdeploy/gdeploy/values"
)

// config gives settings by Ansible's names for them, those that gdeploy has too.
func config(q *Query) ([]values.Value, error) {
	if err := q.only("on_missing", "plugin_name", "plugin_type"); err != nil {
		return nil, err
	}
	missing := q.text("on_missing", "error")
	if missing != "error" && missing != "warn" && missing != "skip" {
		return nil, fmt.Errorf(`"on_missing" must be a string and one of "error", "warn" or "skip", not %s`, missing)
	}
	kind, name := q.text("plugin_type", ""), q.text("plugin_name", "")
	if (kind == "") != (name == "") {
		return nil, fmt.Errorf("Both plugin_type and plugin_name are required, cannot use one without the other") //lint:ignore ST1005 as Ansible says it
	}
	var out []values.Value
	for _, term := range q.Terms {
		setting, ok := term.AsString()
		if !ok {
			//lint:ignore ST1005 as Ansible says it
			return nil, fmt.Errorf("Invalid setting identifier, \"%s\" is not a string, its a %s", values.Text(term), term.Kind())
		}
		v, ok := q.From.Setting(setting)
		if ok && kind == "" {
			out = append(out, v)
			continue
		}
		switch missing {
		case "error":
			//lint:ignore ST1005 as Ansible says it
			return nil, fmt.Errorf("Unable to find setting %s: gdeploy has no setting of this name", setting)
		case "warn":
			q.From.Warn(fmt.Sprintf("Skipping, did not find setting %s", setting))
		}
	}
	return out, nil
}
