#include <bulkhead/actors/registry.hpp>

#include <algorithm>
#include <caf/sec.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "system_state.hpp"

namespace bulkhead::actors {

namespace {

constexpr const char* every_name = "*";

/// Who watches, and what it has not heard yet.
struct watcher {
  name_watcher handle;
  std::set<std::string> keys;
  std::set<std::string> known;      ///< Names of which it was told that somebody has them.
  std::deque<std::string> to_tell;  ///< Names that changed, each once.
  bool is_told = false;             ///< It has one to handle.

  [[nodiscard]] bool wants(const std::string& name) const {
    return keys.count(name) != 0 || keys.count(every_name) != 0;
  }
};

/// A registry's names. @threads its actor's.
class name_table : public std::enable_shared_from_this<name_table> {
 public:
  explicit name_table(registry::pointer self) : self_(self) {}

  void put(const std::string& name, const any_actor& actor) {
    if (!actor) return erase(name);
    any_actor& place = names_[name];
    if (place == actor) return;
    release(place);
    place = actor;
    self_->monitor(actor.pointer());
    changed(name);
  }
  void erase(const std::string& name) {
    const auto found = names_.find(name);
    if (found == names_.end()) return;
    release(found->second);
    names_.erase(found);
    changed(name);
  }
  [[nodiscard]] any_actor get(const std::string& name) const {
    const auto found = names_.find(name);
    return found != names_.end() ? found->second : any_actor();
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, actor] : names_) all.push_back(name);
    return all;
  }
  void subscribe(const std::string& key, const name_watcher& handle) {
    watcher& one = watcher_of(handle);
    if (!one.keys.insert(key).second) return;
    if (key == every_name) {
      for (const auto& [name, actor] : names_) note(one, name);
    } else {
      note(one, key, true);
    }
    tell(one);
  }
  void unsubscribe(const std::string& key, const name_watcher& handle) {
    const auto found = watchers_.find(address_of(handle));
    if (found == watchers_.end()) return;
    found->second.keys.erase(key);
    if (found->second.keys.empty()) {
      self_->demonitor(found->first);
      watchers_.erase(found);
    }
  }
  /// An actor has ended: its names are free, and it watches no more.
  void ended(const caf::actor_addr& who) {
    watchers_.erase(who);
    std::vector<std::string> its;
    for (const auto& [name, actor] : names_) {
      if (address_of(actor) == who) its.push_back(name);
    }
    for (const std::string& name : its) erase(name);
  }

 private:
  static caf::actor_addr address_of(const name_watcher& handle) { return handle.address(); }
  static caf::actor_addr address_of(const any_actor& actor) {
    return caf::actor_cast<caf::actor_addr>(actor.pointer());
  }
  // Each name monitors its actor once.
  void release(const any_actor& actor) {
    if (actor) self_->demonitor(address_of(actor));
  }
  watcher& watcher_of(const name_watcher& handle) {
    watcher& one = watchers_[address_of(handle)];
    if (!one.handle) {
      one.handle = handle;
      self_->monitor(handle);
    }
    return one;
  }

  void changed(const std::string& name) {
    for (auto& [address, one] : watchers_) {
      if (!one.wants(name)) continue;
      note(one, name);
      tell(one);
    }
  }
  // Nobody need hear of a name that came and went unheard: so what is to be told is bounded by the
  // names that there are, and those that the watcher has heard of.
  void note(watcher& one, const std::string& name, bool also_free = false) {
    const auto place = std::find(one.to_tell.begin(), one.to_tell.end(), name);
    const bool is_news = also_free || names_.count(name) != 0 || one.known.count(name) != 0;
    if (place == one.to_tell.end()) {
      if (is_news) one.to_tell.push_back(name);
    } else if (!is_news) {
      one.to_tell.erase(place);
    }
  }
  void tell(watcher& one) {
    if (one.is_told || one.to_tell.empty()) return;
    name_change change{one.to_tell.front(), get(one.to_tell.front())};
    one.to_tell.pop_front();
    if (change.actor) {
      one.known.insert(change.name);
    } else {
      one.known.erase(change.name);
    }
    one.is_told = true;
    const auto go_on = [table = weak_from_this(), address = address_of(one.handle)] {
      if (const auto self = table.lock()) self->was_told(address);
    };
    // A watcher that fails at one change may do better at the next; its end is told otherwise.
    self_->request(one.handle, caf::infinite, std::move(change))
        .then(go_on, [go_on](const caf::error&) { go_on(); });
  }
  void was_told(const caf::actor_addr& address) {
    const auto found = watchers_.find(address);
    if (found == watchers_.end()) return;
    found->second.is_told = false;
    tell(found->second);
  }

  registry::pointer self_;
  std::map<std::string, any_actor> names_;
  std::map<caf::actor_addr, watcher> watchers_;
};

caf::error check(const std::string& name) {
  if (name.empty() || name == every_name) return caf::sec::invalid_argument;
  return {};
}

registry::behavior_type keep_names(registry::pointer self) {
  const auto table = std::make_shared<name_table>(self);
  self->set_down_handler([table](const caf::down_msg& down) { table->ended(down.source); });
  using nothing = caf::result<void>;
  return {[table](caf::put_atom, const std::string& name, const any_actor& actor) -> nothing {
            if (auto why = check(name)) return why;
            table->put(name, actor);
            return caf::unit;
          },
          [table](caf::get_atom, const std::string& name) { return table->get(name); },
          [table](caf::get_atom) { return table->names(); },
          [table](caf::delete_atom, const std::string& name) { table->erase(name); },
          [table](caf::subscribe_atom, const std::string& key, const name_watcher& who) -> nothing {
            if (!who || key.empty()) return caf::sec::invalid_argument;
            table->subscribe(key, who);
            return caf::unit;
          },
          [table](caf::unsubscribe_atom, const std::string& key, const name_watcher& who) {
            if (who) table->unsubscribe(key, who);
          }};
}

}  // namespace

registry spawn_registry(system& sys) {
  auto made = sys.caf().spawn(keep_names);
  // Actors that have names may have its handle in turn.
  sys.state().end_with_system(caf::actor_cast<caf::strong_actor_ptr>(made));
  return made;
}

}  // namespace bulkhead::actors
