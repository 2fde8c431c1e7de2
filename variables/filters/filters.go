// Package filters has the filters and tests that Ansible adds to Jinja's own. Each
// means what ansible-core 2.14 means by it.
package filters

import (
	"maps"
	"path/filepath"
	"slices"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/jinja/pyre"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables/filters/ipaddr"
)

// All lists Ansible's filters by their short names and by those with a collection.
func All() map[string]jinja.Filter {
	all := map[string]jinja.Filter{}
	qualify(all, general(), "community.general")
	qualify(all, utils(), "ansible.utils")
	qualify(all, ipaddr.Filters(), "ansible.utils", "ansible.netcommon")
	qualify(all, builtin(), "ansible.builtin", "ansible.legacy")
	return all
}

// Refused are filters and tests of collections that gdeploy does not have, with what to
// use instead. Their names with a collection are refused with the same words.
func Refused() map[string]string {
	all := map[string]string{}
	qualify(all, map[string]string{
		"hashids_decode": "use hash, or a filter of your own in filter_plugins/",
		"hashids_encode": "use hash, or a filter of your own in filter_plugins/",
		"jc":             "ask the program for JSON where it can, and read that with from_json; or use regex_findall",
	}, "community.general")
	qualify(all, map[string]string{
		"consolidate": "use lists_mergeby, or groupby with combine",
		"fact_diff":   "use difference, or dict2items and difference",
		"from_xml":    "use regex_search, or a filter of your own in filter_plugins/",
		"to_xml":      "use a template",
		"resolvable":  "use lookup('pipe', 'getent hosts NAME', errors='ignore')",
		"validate":    "use the module assert, or argument specs of a role",
	}, "ansible.utils")
	return all
}

// qualify adds what list has to all, also with the names of collections in front.
func qualify[T any](all, list map[string]T, collections ...string) {
	for name, item := range list {
		all[name] = item
		for _, collection := range collections {
			all[collection+"."+name] = item
		}
	}
}

func builtin() map[string]jinja.Filter {
	re := &regexps{&pyre.Cache{}}
	return map[string]jinja.Filter{
		"b64decode":            b64decode,
		"b64encode":            b64encode,
		"basename":             pathFilter(basename),
		"bool":                 toBool,
		"checksum":             checksum,
		"combinations":         combinations,
		"combine":              combine,
		"comment":              comment,
		"commonpath":           commonpath,
		"dict2items":           dict2items,
		"difference":           difference,
		"dirname":              pathFilter(dirname),
		"expanduser":           pathFilter(expanduser),
		"expandvars":           pathFilter(expandvars),
		"extract":              extract,
		"fileglob":             fileglob,
		"flatten":              flatten,
		"from_json":            fromJSON,
		"from_yaml":            fromYAML,
		"from_yaml_all":        fromYAMLAll,
		"hash":                 hashFilter,
		"human_readable":       humanReadable,
		"human_to_bytes":       humanToBytes,
		"intersect":            intersect,
		"items2dict":           items2dict,
		"log":                  logFilter,
		"mandatory":            mandatory,
		"normpath":             pathFilter(filepath.Clean),
		"md5":                  md5Filter,
		"password_hash":        passwordHash,
		"path_join":            pathJoin,
		"permutations":         permutations,
		"pow":                  powFilter,
		"product":              product,
		"quote":                quote,
		"random":               random,
		"realpath":             pathFilter(realpath),
		"regex_escape":         regexEscape,
		"regex_findall":        re.findall,
		"regex_replace":        re.replace,
		"regex_search":         re.search,
		"rekey_on_member":      rekeyOnMember,
		"relpath":              relpath,
		"root":                 rootFilter,
		"sha1":                 checksum,
		"shuffle":              shuffle,
		"split":                split,
		"splitext":             splitext,
		"strftime":             strftimeFilter,
		"subelements":          subelements,
		"symmetric_difference": symmetricDifference,
		"ternary":              ternary,
		"to_datetime":          toDatetime,
		"to_json":              toJSON,
		"to_nice_json":         toNiceJSON,
		"to_nice_yaml":         toNiceYAML,
		"to_uuid":              toUUID,
		"to_yaml":              toYAML,
		"type_debug":           typeDebug,
		"union":                union,
		"unvault":              unvaultText,
		"vault":                vaultText,
		"unique":               unique,
		"urldecode":            textFilter(urldecode),
		"urlsplit":             urlsplit,
		"win_basename":         pathFilter(winBasename),
		"win_dirname":          pathFilter(winDirname),
		"win_splitdrive":       winSplitdrive,
		"zip":                  zipFilter,
		"zip_longest":          zipLongest,
	}
}

// AcceptUndefined names the filters that an undefined value may reach.
func AcceptUndefined() []string {
	all := map[string]bool{}
	qualify(all, map[string]bool{"mandatory": true, "type_debug": true}, "ansible.builtin", "ansible.legacy")
	return slices.Collect(maps.Keys(all))
}

// Tests lists Ansible's tests by their short names and by those with a collection.
func Tests() map[string]jinja.Test {
	all := map[string]jinja.Test{}
	qualify(all, ipaddr.Tests(), "ansible.utils")
	qualify(all, builtinTests(), "ansible.builtin", "ansible.legacy")
	return all
}

func builtinTests() map[string]jinja.Test {
	re := &regexps{&pyre.Cache{}}
	return map[string]jinja.Test{
		"abs":             pathTest(isAbs),
		"all":             testAll,
		"any":             testAny,
		"change":          changed,
		"changed":         changed,
		"contains":        contains,
		"directory":       pathTest(isDirectory),
		"exists":          pathTest(exists),
		"failed":          resultTest("failed", true),
		"failure":         resultTest("failed", true),
		"falsy":           falsy,
		"file":            pathTest(isFile),
		"finished":        finished,
		"is_abs":          pathTest(isAbs),
		"is_dir":          pathTest(isDirectory),
		"is_file":         pathTest(isFile),
		"is_link":         pathTest(isLink),
		"is_mount":        pathTest(isMount),
		"is_same_file":    sameFile,
		"isnan":           isNaN,
		"issubset":        subset,
		"issuperset":      superset,
		"link":            pathTest(isLink),
		"link_exists":     pathTest(linkExists),
		"match":           re.match,
		"mount":           pathTest(isMount),
		"nan":             isNaN,
		"reachable":       resultTest("unreachable", false),
		"regex":           re.regex,
		"same_file":       sameFile,
		"search":          re.searches,
		"skip":            resultTest("skipped", true),
		"skipped":         resultTest("skipped", true),
		"started":         started,
		"subset":          subset,
		"timedout":        timedOut,
		"succeeded":       resultTest("failed", false),
		"success":         resultTest("failed", false),
		"successful":      resultTest("failed", false),
		"superset":        superset,
		"truthy":          truthy,
		"unreachable":     resultTest("unreachable", true),
		"uri":             isURI,
		"url":             isURL,
		"urn":             isURN,
		"vault_encrypted": vaultEncrypted,
		"version":         version,
		"version_compare": version,
	}
}

// textFilter makes a filter without arguments of a function on text.
func textFilter(fn func(string) string) jinja.Filter {
	return func(c *jinja.Call) (values.Value, error) {
		text, err := c.Text()
		if err == nil {
			err = c.Params().Err()
		}
		return values.String(fn(text)), err
	}
}

// first gives the first error that is one.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// pathFilter is textFilter for what takes paths only.
func pathFilter(fn func(string) string) jinja.Filter {
	return func(c *jinja.Call) (values.Value, error) {
		text, err := pathText(c)
		return values.String(fn(text)), first(err, c.Params().Err())
	}
}

// pathText is the path that a filter is applied to.
func pathText(c *jinja.Call) (string, error) {
	text, ok := c.Value.AsString()
	if !ok {
		return "", jinja.TypeError("expected str, bytes or os.PathLike object, not " + jinja.TypeName(c.Value))
	}
	return text, nil
}
