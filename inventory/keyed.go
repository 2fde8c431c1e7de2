package inventory

import (
	"fmt"

	"github.com/gdeploy/gdeploy/values"
)

// keyedGroup is an entry of keyed_groups: it makes groups out of the values of an expression.
type keyedGroup struct {
	key          values.Value
	prefix       string
	separator    string
	parent       values.Value // a template; null where there is none
	defaultValue *string      // stands for an empty value
	noTrailing   bool         // an empty value takes its separator away
	pos          values.Value
}

var keyedKeys = []string{"key", "prefix", "separator", "parent_group", "default_value", "trailing_separator"}

func (c *constructed) readKeyed(v values.Value) []keyedGroup {
	if v.Kind() != values.KindList {
		c.fail(v.Pos(), "keyed_groups is a list of mappings, not %s", v.Kind().Phrase())
		return nil
	}
	var all []keyedGroup
	for _, item := range v.Items() {
		m, ok := item.AsMap()
		if !ok {
			c.fail(item.Pos(), "an entry of keyed_groups is a mapping with key, not %s", item.Kind().Phrase())
			continue
		}
		all = append(all, c.readKeyedGroup(m, item))
	}
	return all
}

func (c *constructed) readKeyedGroup(m *values.Map, item values.Value) keyedGroup {
	k := keyedGroup{separator: "_", pos: item}
	for key, v := range m.All() {
		switch name := values.Text(key); name {
		case "key":
			k.key = v
		case "prefix":
			k.prefix = values.Text(v)
		case "separator":
			k.separator = values.Text(v)
		case "parent_group":
			k.parent = v
		case "default_value":
			if !v.IsNull() {
				text := values.Text(v)
				k.defaultValue = &text
			}
		case "trailing_separator":
			k.noTrailing = !c.truth(name, v)
		default:
			c.fail(key.Pos(), "an entry of keyed_groups has no %q%s", name, nearest(name, keyedKeys))
		}
	}
	if k.defaultValue != nil && k.noTrailing {
		c.fail(item.Pos(), "parameters are mutually exclusive for keyed groups: default_value|trailing_separator")
	}
	return k
}

// keyedGroups puts a host into the groups that keyed_groups make for it.
func (l *loader) keyedGroups(c *constructed, host *Host, vars *values.Map) error {
	for _, k := range c.keyed {
		v, err := l.evaluate("{{"+values.Text(k.key)+"}}", vars, k.pos)
		if err != nil {
			if c.strict {
				return c.wrong(k.pos, "could not generate group for host %s from %s entry: %w", host.Name, values.Text(k.key), err)
			}
			continue
		}
		if err := l.keyedGroup(c, k, v, host, vars); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) keyedGroup(c *constructed, k keyedGroup, v values.Value, host *Host, vars *values.Map) error {
	text, isText := v.AsString()
	if !v.Truthy() && !(isText && text == "" && k.defaultValue != nil) {
		if c.strict {
			return c.wrong(k.pos, "no key or key resulted empty for %s in host %s, invalid entry", values.Text(k.key), host.Name)
		}
		return nil
	}
	parent := ""
	if k.parent.Truthy() {
		p, err := l.evaluate(values.Text(k.parent), vars, k.parent)
		if err != nil {
			if c.strict {
				return c.wrong(k.parent, "could not generate parent group %s for group %s: %w", values.Text(k.parent), values.Text(k.key), err)
			}
			return nil
		}
		parent = values.Text(p)
	}
	bare, err := k.names(v)
	if err != nil {
		return c.wrong(k.pos, "%w", err)
	}
	separator := k.separator
	if k.prefix == "" && !c.leadingSeparator {
		separator = ""
	}
	for _, name := range bare {
		group := l.graph.addGroup(safeGroupName(k.prefix + separator + name))
		l.graph.join(group, host)
		if parent == "" {
			continue
		}
		if err := l.graph.link(l.graph.addGroup(safeGroupName(parent)), group); err != nil {
			return c.wrong(k.pos, "%w", err)
		}
	}
	return nil
}

// names gives what stands behind the prefix: of a text itself, of a list its items, of a
// mapping each key with its value.
func (k keyedGroup) names(v values.Value) ([]string, error) {
	if text, ok := v.AsString(); ok {
		return []string{k.orDefault(text)}, nil
	}
	if m, ok := v.AsMap(); ok {
		var all []string
		for key, item := range m.All() {
			all = append(all, k.pair(values.Text(key), values.Text(item)))
		}
		return all, nil
	}
	if v.Kind() != values.KindList {
		return nil, fmt.Errorf("invalid group name format, expected a string or a list of them or dictionary, got: %s", v.Kind().Phrase())
	}
	var all []string
	for _, item := range v.Items() {
		if text := values.Text(item); text != "" || k.defaultValue != nil {
			all = append(all, k.orDefault(text))
		}
	}
	return all, nil
}

func (k keyedGroup) orDefault(text string) string {
	if text == "" && k.defaultValue != nil {
		return *k.defaultValue
	}
	return text
}

func (k keyedGroup) pair(key, value string) string {
	if value == "" && k.noTrailing {
		return key
	}
	return key + k.separator + k.orDefault(value)
}
