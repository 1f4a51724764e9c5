// Names of actors, in this process and across processes.
#include <bulkhead/actors/registry.hpp>

#include <unistd.h>
#include <algorithm>
#include <bulkhead/actors/spawn_process.hpp>
#include <bulkhead/supervisor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <csignal>
#include <mutex>
#include <string>
#include <vector>

#include "actors/asking.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::errc;
using bulkhead::actors::any_actor;
namespace actors = bulkhead::actors;
using namespace std::chrono_literals;

namespace {

using pid_atom = caf::atom_constant<caf::atom("pid")>;
using find_atom = caf::atom_constant<caf::atom("find")>;

using service = caf::typed_actor<caf::replies_to<pid_atom>::with<int>>;
// Asks who has a name.
using seeker = caf::typed_actor<caf::replies_to<find_atom, std::string>::with<int>>;

service::behavior_type serve(service::pointer) {
  return {[](pid_atom) { return static_cast<int>(::getpid()); }};
}

// Gives itself a name.
service::behavior_type serve_as(service::pointer self, const actors::registry& names,
                                const std::string& name) {
  self->send(names, caf::put_atom_v, name, any_actor(service(self)));
  return serve(self);
}

seeker::behavior_type seek(seeker::pointer self, const actors::registry& names) {
  return {[=](find_atom, const std::string& name) {
    auto promise = self->make_response_promise<int>();
    const auto fail = [promise](const caf::error& why) {
      auto mine = promise;
      mine.deliver(why);
    };
    const auto ask_it = [=](const any_actor& found) {
      if (!found) return fail(caf::sec::no_proxy_registry);
      self->request(found.as<service>(), 20s, pid_atom::value)
          .then(
              [promise](int pid) {
                auto mine = promise;
                mine.deliver(pid);
              },
              fail);
    };
    self->request(names, 20s, caf::get_atom_v, name).then(ask_it, fail);
    return promise;
  }};
}

// Before the system, whose actors write to it: its end comes first.
struct record {
  gate hold;
  std::mutex mutex;
  std::vector<std::string> heard;  ///< "+name", "-name"
};

struct fixture : record, asking {
  actors::registry names = actors::spawn_registry(sys);

  ~fixture() { hold.open(); }

  void put(const std::string& name, const any_actor& actor) {
    caf::scoped_actor self(sys.caf());
    self->request(names, 20s, caf::put_atom_v, name, actor)
        .receive([] {}, [&](const caf::error& why) { failure = why; });
  }
  any_actor get(const std::string& name) { return ask<any_actor>(names, caf::get_atom_v, name); }
  std::vector<std::string> all() { return ask<std::vector<std::string>>(names, caf::get_atom_v); }
  service make() { return sys.caf().spawn(serve); }
  /// Hears of changes, on a thread of its own that the gate holds.
  actors::name_watcher watcher(bool held) {
    return sys.caf().spawn<caf::detached>(
        [this, held](actors::name_watcher::pointer) -> actors::name_watcher::behavior_type {
          return {[this, held](const actors::name_change& change) {
            {
              const std::lock_guard lock(mutex);
              heard.push_back((change.actor ? "+" : "-") + change.name);
            }
            if (held) hold.pass();
          }};
        });
  }
  bool hears(const std::vector<std::string>& wanted) {
    return eventually([&] {
      const std::lock_guard lock(mutex);
      return heard == wanted;
    });
  }
  template <class Atom>
  void tell(Atom what, const std::string& key, const actors::name_watcher& who) {
    caf::scoped_actor self(sys.caf());
    self->request(names, 20s, what, key, who)
        .receive([] {}, [&](const caf::error& why) { failure = why; });
  }
};

}  // namespace

TEST_CASE_METHOD(fixture, "a name is put, found, listed, given to another and freed",
                 "[actors][process]") {
  const service one = make(), other = make();
  CHECK_FALSE(get("one"));
  put("one", any_actor(one));
  put("other", any_actor(other));
  CHECK(get("one").as<service>() == one);
  CHECK(all() == std::vector<std::string>{"one", "other"});
  put("one", any_actor(other));
  CHECK(get("one").as<service>() == other);
  put("other", any_actor());
  CHECK(all() == std::vector<std::string>{"one"});
  caf::anon_send(names, caf::delete_atom_v, std::string("one"));
  CHECK(eventually([&] { return all().empty(); }));
  CHECK_FALSE(failure);
  put("", any_actor(one));
  CHECK(failure == caf::sec::invalid_argument);
}

TEST_CASE_METHOD(fixture, "a handle is only taken for what it is", "[actors][process]") {
  put("one", any_actor(make()));
  const any_actor found = get("one");
  CHECK(found.is<service>());
  CHECK_FALSE(found.is<seeker>());
  CHECK_THROWS_AS(found.as<seeker>(), bulkhead::error);
  CHECK_FALSE(any_actor().as<seeker>());
}

TEST_CASE_METHOD(fixture, "a name is free when its actor has ended", "[actors][process]") {
  const service one = make();
  put("one", any_actor(one));
  put("again", any_actor(one));
  put("other", any_actor(make()));
  caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
  CHECK(eventually([&] { return all() == std::vector<std::string>{"other"}; }));
}

TEST_CASE_METHOD(fixture, "a watcher hears who has a name, and each change", "[actors][process]") {
  const service one = make();
  put("one", any_actor(one));
  const auto who = watcher(false);
  tell(caf::subscribe_atom_v, "one", who);
  CHECK(hears({"+one"}));
  put("other", any_actor(one));
  put("one", any_actor());
  CHECK(hears({"+one", "-one"}));
  tell(caf::subscribe_atom_v, "*", who);
  CHECK(hears({"+one", "-one", "+other"}));
  put("third", any_actor(one));
  CHECK(hears({"+one", "-one", "+other", "+third"}));
  tell(caf::unsubscribe_atom_v, "*", who);
  put("third", any_actor());
  put("one", any_actor(one));
  CHECK(hears({"+one", "-one", "+other", "+third", "+one"}));
  CHECK_FALSE(failure);
}

TEST_CASE_METHOD(fixture, "a slow watcher hears the last of each name, and nothing that has gone",
                 "[actors][process]") {
  const any_actor one(make());
  const auto who = watcher(true);
  tell(caf::subscribe_atom_v, "*", who);
  put("first", one);
  REQUIRE(hears({"+first"}));
  for (int n = 0; n < 100; ++n) {
    const std::string name = "short-" + std::to_string(n);
    put(name, one);
    put(name, any_actor());
    put("long", one);
    put("long", any_actor());
    put("long", one);
  }
  put("first", any_actor());
  hold.open();
  CHECK(hears({"+first", "+long", "-first"}));
}

TEST_CASE_METHOD(fixture, "names reach across processes, and those who use them talk straight",
                 "[actors][process]") {
  const auto there = actors::spawn_process<service>(sys, {.name = "service"}, serve_as, names,
                                                    std::string("service"));
  const auto asks = actors::spawn_process<seeker>(sys, {.name = "seeker"}, seek, names);
  const int pid = ask<int>(there, pid_atom::value);
  REQUIRE(eventually([&] { return static_cast<bool>(get("service")); }));
  // Known here only now, and asked over the registry's own lane.
  CHECK(ask<int>(get("service").as<service>(), pid_atom::value) == pid);
  CHECK(ask<int>(asks, find_atom::value, std::string("service")) == pid);
  put("here", any_actor(make()));
  CHECK(ask<int>(asks, find_atom::value, std::string("here")) == ::getpid());
  CHECK(ask<int>(asks, find_atom::value, std::string("service")) == pid);
  CHECK_FALSE(failure);
}

TEST_CASE_METHOD(fixture, "a name goes with its process, and comes back with the next",
                 "[actors][process][crash]") {
  const auto who = watcher(false);
  tell(caf::subscribe_atom_v, "service", who);
  REQUIRE(hears({"-service"}));
  bulkhead::supervisor sup{rt, {.intensity = bulkhead::unlimited}};
  bulkhead::child_spec spec{.name = "service"};
  spec.backoff = bulkhead::no_backoff;
  const auto there =
      actors::spawn_process<service>(sys, sup, spec, serve_as, names, std::string("service"));
  const auto asks = actors::spawn_process<seeker>(sys, {.name = "seeker"}, seek, names);
  int last = 0;
  for (int life = 0; life < 4; ++life) {
    int pid = 0;
    REQUIRE(eventually([&] {
      failure = {};
      pid = ask<int>(asks, find_atom::value, std::string("service"));
      return !failure && pid != last;
    }));
    CHECK(pid == sup.find_child("service")->pid);
    last = pid;
    if (life % 2 == 0) {
      REQUIRE(::kill(pid, SIGKILL) == 0);
    } else {
      caf::anon_send_exit(there, caf::exit_reason::kill);
    }
  }
  // Told of the last one, whatever lay between.
  REQUIRE(eventually([&] {
    const std::lock_guard lock(mutex);
    return heard.size() > 2 && heard.back() == "+service";
  }));
}

TEST_CASE_METHOD(fixture, "an actor that has a name and the registry's handle ends with the system",
                 "[actors][process]") {
  sys.caf().spawn(serve_as, names, std::string("service"));
  REQUIRE(eventually([&] { return static_cast<bool>(get("service")); }));
  names = nullptr;
  CHECK(sys.shutdown());
}
