package main

import (
	"time"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
	"github.com/gdeploy/gdeploy/variables/factcache"
)

// factCache is where facts are kept from run to run; nil where they are not.
func (s *session) factCache() variables.FactCache {
	plugin := factcache.ShortName(s.settings.FactCaching)
	if plugin == "memory" {
		return nil
	}
	return &factcache.Directory{
		Path:    s.settings.FactCachingConnection,
		Prefix:  s.settings.FactCachingPrefix,
		Timeout: time.Duration(s.settings.FactCachingTimeout) * time.Second,
		YAML:    plugin == "yaml",
	}
}

// cachedFacts gives the cached facts of a host to what reads the inventory.
func (s *session) cachedFacts(host string) *values.Map {
	cache := s.factCache()
	if cache == nil {
		return nil
	}
	facts, err := cache.Load(host)
	if err != nil {
		s.warn(values.Position{}, err.Error())
	}
	return facts
}

// flushCache forgets what is cached of all hosts of the inventory.
func (s *session) flushCache() error {
	cache := s.factCache()
	if cache == nil {
		return nil
	}
	for _, host := range s.inventory.Hosts() {
		if err := cache.Forget(host.Name); err != nil {
			return err
		}
	}
	return nil
}
