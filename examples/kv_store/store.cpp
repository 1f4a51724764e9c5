#include "store.hpp"

#include <bulkhead/this_process.hpp>
#include <csignal>
#include <map>
#include <memory>
#include <random>

#include "log_file.hpp"

namespace kv_store {

namespace {

class table {
 public:
  table(const std::string& log, int crash_every)
      : log_(log), crash_every_(crash_every), dice_(bulkhead::this_process::incarnation()) {
    log_.replay([this](std::string_view key, std::string_view value) {
      pairs_.insert_or_assign(std::string(key), value);
    });
  }

  void put(const std::string& key, const std::string& value) {
    const bool dies = crash_every_ > 0 && one_of(crash_every_) == 0;
    const int when = one_of(3);
    if (dies && when == 0) ::raise(SIGKILL);
    if (dies && when == 1) {
      log_.append_torn(key, value, 1 + static_cast<std::size_t>(one_of(10)));
      ::raise(SIGKILL);
    }
    log_.append(key, value);
    if (dies) ::raise(SIGKILL);  // whoever asked does not know, and asks again
    pairs_.insert_or_assign(key, value);
  }
  std::string get(const std::string& key) const {
    const auto found = pairs_.find(key);
    return found != pairs_.end() ? found->second : std::string();
  }

 private:
  int one_of(int sides) { return std::uniform_int_distribution(0, sides - 1)(dice_); }

  log_file log_;
  std::map<std::string, std::string> pairs_;
  int crash_every_;
  std::mt19937_64 dice_;
};

}  // namespace

store::behavior_type keep(store::pointer, const std::string& log, int crash_every) {
  const auto pairs = std::make_shared<table>(log, crash_every);
  return {[pairs](put_atom, const std::string& key, const std::string& value) {
            pairs->put(key, value);
            return true;
          },
          [pairs](get_atom, const std::string& key) { return pairs->get(key); }};
}

}  // namespace kv_store
