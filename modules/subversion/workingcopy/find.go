package workingcopy

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// revisionWord matches what svn itself takes for a revision.
var revisionWord = regexp.MustCompile(`^(r?[0-9]+|HEAD|\{.+\})$`)

// find asks the server for the tree that is wanted.
func (c Copy) find(ctx context.Context, sys modules.System) (Tree, error) {
	if revisionWord.MatchString(c.Revision) {
		tree, err := c.info(ctx, sys, c.URL, strings.TrimPrefix(c.Revision, "r"))
		if says(err, noSuchRevision) {
			err = errors.Join(fmt.Errorf("%s has no revision %s", c.URL, c.Revision), err)
		}
		return tree, err
	}
	urls := named(c.URL, c.Revision)
	for _, url := range urls {
		tree, err := c.info(ctx, sys, url, "HEAD")
		if err == nil || !says(err, noSuchPath, noSuchURL, notFound) {
			return tree, err
		}
	}
	return Tree{}, fmt.Errorf("revision %q is no number, HEAD or {date}, and there is no such branch or tag: looked for %s", c.Revision, strings.Join(urls, ", "))
}

func (c Copy) info(ctx context.Context, sys modules.System, url, revision string) (Tree, error) {
	text, err := c.query(ctx, sys, c.remote("", []string{"info", "-r", revision}, unpegged(url)))
	return readInfo(text), err
}

// named lists where a branch or tag may lie, by the custom of trunk, branches and tags:
// url may be the project or one of them.
func named(url, name string) []string {
	project := strings.TrimSuffix(url, "/")
	switch parent := path.Base(path.Dir(strings.ReplaceAll(project, "://", ":/"))); {
	case path.Base(project) == "trunk":
		project = cut(project, 1)
	case parent == "branches" || parent == "tags":
		project = cut(project, 2)
	}
	return []string{project + "/tags/" + name, project + "/branches/" + name, project + "/" + name}
}

// cut takes the last parts off a URL.
func cut(url string, parts int) string {
	for range parts {
		url = url[:strings.LastIndex(url, "/")]
	}
	return url
}
