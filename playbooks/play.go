package playbooks

import (
	"cmp"
	"slices"

	"github.com/gdeploy/gdeploy/values"
)

// plays reads a file of plays; files are those that imported it.
func (p *parser) plays(path string, files []string) []*Play {
	f := p.l.files.load(path)
	v := p.load(path)
	if f.err != nil {
		return nil
	}
	start := values.Position{File: path, Line: 1, Col: 1}
	p.plugins(dirOf(path), start)
	switch {
	case v.IsNull():
		p.mistake(start, "Empty playbook, nothing to do", `a play starts with "- hosts: ..."`)
		return nil
	case v.Kind() != values.KindList:
		p.mistake(v.Pos(), "a playbook must be a list of plays, not "+describe(v), `a play starts with "- hosts: ..."`)
		return nil
	case len(v.Items()) == 0:
		p.mistake(start, "A playbook must contain at least one play", `a play starts with "- hosts: ..."`)
		return nil
	}
	var plays []*Play
	for _, item := range v.Items() {
		m, ok := item.AsMap()
		if !ok {
			p.mistake(item.Pos(), "a play is a mapping of keywords, not "+describe(item), "")
			continue
		}
		if key, file, ok := importKey(m); ok {
			plays = append(plays, p.importPlaybook(item, m, key, file, append(files[:len(files):len(files)], path))...)
			continue
		}
		plays = append(plays, p.play(item, m, path))
	}
	return plays
}

// play reads one play.
func (p *parser) play(v values.Value, m *values.Map, path string) *Play {
	play := &Play{Keywords: Keywords{Pos: v.Pos()}, File: path, Strategy: "linear", known: &knownRoles{}}
	at := place{play: play, file: path}
	t := &target{what: "a play", on: OnPlay, at: at, words: &play.Keywords, play: play}
	unknown := p.words(t, m)
	if home := p.l.collectionOf(path, at); home != "" && !slices.Contains(play.Collections, home) {
		play.Collections = append([]string{home}, play.Collections...)
	}
	for _, e := range unknown {
		if _, isModule := p.action(e.name, at); isModule && byName[e.name] == nil && refusedKeywords[e.name] == "" {
			p.mistake(e.pos, quoted(e.name)+" is no keyword of a play", "a module is called by a task: put it below tasks:")
			continue
		}
		p.unknownKeyword(t, e, "import_playbook")
	}
	if !m.Has("hosts") && !slices.ContainsFunc(unknown, func(e entry) bool { return nearest(e.name, []string{"hosts", "import_playbook"}) != "" }) {
		p.mistake(v.Pos(), "the field 'hosts' is required but was not set", "say where the play runs: hosts: PATTERN")
	}
	p.pace(play)
	if hosts, has := m.Get("hosts"); has && hosts.IsNull() {
		p.mistake(cmp.Or(hosts.Pos(), v.Pos()), "Hosts list cannot be empty", "hosts: all means every host of the inventory")
	}
	p.playTasks(play, m, at.with(&play.Keywords))
	return play
}

// playTasks reads the lists of a play, in the order in which Ansible runs them.
func (p *parser) playTasks(play *Play, m *values.Map, at place) {
	before := p.brought
	p.brought = nil
	play.PreTasks = p.list("pre_tasks", section(m, "pre_tasks"), at)
	play.Roles = p.roleUses(section(m, "roles"), at)
	play.Tasks = p.list("tasks", section(m, "tasks"), at)
	play.PostTasks = p.list("post_tasks", section(m, "post_tasks"), at)
	p.rollingCheck(play, m, at)
	for _, use := range play.Roles {
		play.Handlers = append(play.Handlers, use.Handlers...)
	}
	within := at
	within.handlers = true
	play.Handlers = append(play.Handlers, p.handlers("handlers", section(m, "handlers"), within)...)
	play.Handlers = append(play.Handlers, p.brought...)
	p.brought = before
	play.known.add(p.roles)
	p.roles = nil
}

// importKey finds the key of an import_playbook.
func importKey(m *values.Map) (key, file values.Value, ok bool) {
	for k, v := range m.All() {
		if name, _ := k.AsString(); shortName(name) == "import_playbook" {
			return k, v, true
		}
	}
	return key, file, false
}

// importPlaybook reads the plays of another playbook and gives them what the import says.
func (p *parser) importPlaybook(v values.Value, m *values.Map, key, file values.Value, files []string) []*Play {
	within := &Play{Keywords: Keywords{Pos: v.Pos()}, File: files[len(files)-1]}
	at := place{play: within, file: within.File}
	rest := m.Clone()
	rest.Delete(key)
	t := &target{what: "import_playbook", on: OnImport, at: at, words: &within.Keywords, play: within}
	for _, e := range p.words(t, rest) {
		if k := byName[e.name]; k != nil && k.On&everywhere == everywhere {
			p.warn(e.pos, e.name+" does nothing on import_playbook: write it on the imported plays")
			continue
		}
		p.unknownKeyword(t, e)
	}
	path, ok := p.importedPlaybook(file, within, at)
	if !ok {
		return nil
	}
	if slices.Contains(files, path) {
		p.mistake(key.Pos(), path+" imports itself", "")
		return nil
	}
	plays := p.plays(path, files)
	for _, play := range plays {
		play.inherit(&within.Keywords)
	}
	return plays
}

func (p *parser) importedPlaybook(file values.Value, within *Play, at place) (string, bool) {
	text, ok := file.AsString()
	if !ok || text == "" {
		p.wants(cmp.Or(file.Pos(), within.Pos), "import_playbook", "the name of a playbook", file)
		return "", false
	}
	name, ok := p.evaluated(file, at, "import_playbook", "write the name")
	if !ok {
		return "", false
	}
	if path := p.l.collectionPlaybook(name, p.l.collectionDirs(at)); path != "" {
		return path, true
	}
	if word, rest := firstWord(name); rest != "" && !p.l.files.exists(join(dirOf(within.File), name)) {
		p.warn(file.Pos(), "what stands behind the name of an imported playbook does nothing: use vars and tags beside it")
		name = word
	}
	path := p.l.files.imported(dirOf(within.File), name)
	if !p.l.files.exists(path) {
		p.mistake(file.Pos(), "there is no playbook "+quoted(path), p.nearestFile(name, []string{dirOf(path)}))
		return "", false
	}
	return path, true
}

// inherit gives a play what its import says: variables of the import win, tags add up,
// conditions go first.
func (play *Play) inherit(from *Keywords) {
	if from.Vars != nil {
		all := values.NewMap(from.Vars.Len())
		if play.Vars != nil {
			all = play.Vars.Clone()
		}
		for key, v := range from.Vars.All() {
			all.SetKey(key, v)
		}
		play.Vars = all
	}
	tags := slices.Clone(from.Tags)
	for _, tag := range play.Tags {
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	play.Tags = tags
	play.When = slices.Concat(from.When, play.When)
}
