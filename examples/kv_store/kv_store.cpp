// A key-value store as a supervised service with a state: its process is killed about every
// hundredth put, at times while it writes, and each incarnation rebuilds the state from a log. The
// clients ask the same handle all the time and see none of it: puts may be done twice without harm,
// so `retry` asks again what the dead one had taken.
//     kv_store [clients [puts each]]
#include <bulkhead/actors/actors.hpp>
#include <bulkhead/bulkhead.hpp>
#include <caf/scoped_actor.hpp>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "store.hpp"

namespace actors = bulkhead::actors;
using namespace kv_store;

namespace {

/// A folder that goes with it.
class scratch_folder {
 public:
  scratch_folder() : path_((std::filesystem::temp_directory_path() / "kv-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  ~scratch_folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// One who uses the store, and remembers what it answered for.
class client {
 public:
  client(caf::actor_system& system, store to, std::string name)
      : self_(system), to_(std::move(to)), name_(std::move(name)) {}

  void put(int n) {
    const std::string key = name_ + "/" + std::to_string(n % 20);
    self_->request(to_, caf::infinite, put_atom::value, key, std::to_string(n))
        .receive([&](bool) { known_[key] = std::to_string(n); },
                 [&](const caf::error&) { ++failures_; });
  }
  /// @returns how much of what the store answered for is not there, or an older value.
  int missing() {
    for (const auto& [key, value] : known_) {
      const std::string& wanted = value;
      self_->request(to_, caf::infinite, get_atom::value, key)
          .receive([&](const std::string& got) { failures_ += got == wanted ? 0 : 1; },
                   [&](const caf::error&) { ++failures_; });
    }
    return failures_;
  }

 private:
  caf::scoped_actor self_;
  store to_;
  std::string name_;
  std::map<std::string, std::string> known_;
  int failures_ = 0;
};

int use(caf::actor_system& system, const store& to, int number, int puts) {
  client one(system, to, "client-" + std::to_string(number));
  int missing = 0;
  for (int n = 1; n <= puts; ++n) {
    one.put(n);
    if (n % 100 == 0) missing = one.missing();
  }
  return missing;
}

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  const int clients = argc > 1 ? std::atoi(argv[1]) : 4;
  const int puts = argc > 2 ? std::atoi(argv[2]) : 1000;
  const scratch_folder folder;
  bulkhead::runtime rt;
  actors::system sys{rt};
  bulkhead::supervisor sup{rt, {.intensity = bulkhead::unlimited}};
  const store pairs = actors::spawn_process<store>(
      sys, sup, {.name = "store", .backoff = bulkhead::no_backoff},
      {.during_restart = actors::during_restart::retry}, keep, folder.file("log"), 100);
  std::vector<std::future<int>> all;
  for (int number = 0; number < clients; ++number) {
    all.push_back(std::async(std::launch::async, use, std::ref(sys.caf()), pairs, number, puts));
  }
  int missing = 0;
  for (auto& one : all) missing += one.get();
  std::cout << clients * puts << " puts of " << clients << " clients, " << missing
            << " lost, the store's process died " << actors::incarnation(pairs) - 1 << " times\n";
  return missing == 0 ? 0 : 1;
}
// examples/kv_store/kv_store
//
// 4000 puts of 4 clients, 0 lost, the store's process died 32 times
