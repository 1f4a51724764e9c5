#include "store.hpp"

#include <chrono>
#include <list>
#include <memory>
#include <unordered_map>

namespace memcached_server {

namespace {

std::int64_t now() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

// The protocol counts up to 30 days from now, and what is more from 1970. 0: never.
std::int64_t end_of(std::int64_t expires) {
  constexpr std::int64_t month = 30 * 24 * 3600;
  if (expires < 0) return 1;
  return expires == 0 || expires > month ? expires : now() + expires;
}

class cache {
 public:
  explicit cache(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  std::string run(command& what) {
    switch (what.what) {
      case verb::get:
        return get(what.keys);
      case verb::set:
        set(std::move(what));
        return "STORED\r\n";
      case verb::remove:
        return erase(what.keys.front()) ? "DELETED\r\n" : "NOT_FOUND\r\n";
      case verb::version:
        return "VERSION 1.0-bulkhead\r\n";
      case verb::quit:
        break;
    }
    return {};
  }

 private:
  using items = std::list<command>;  // as they were set

  std::string get(const std::vector<std::string>& keys) {
    std::string answer;
    for (const std::string& key : keys) {
      const auto found = by_key_.find(key);
      if (found == by_key_.end()) continue;
      const command& item = *found->second;
      if (item.expires != 0 && item.expires <= now()) {
        erase(key);
        continue;
      }
      answer += "VALUE " + key + ' ' + std::to_string(item.flags) + ' ' +
                std::to_string(item.data.size()) + "\r\n" + item.data + "\r\n";
    }
    return answer + "END\r\n";
  }
  void set(command item) {
    const std::string key = item.keys.front();
    erase(key);
    item.expires = end_of(item.expires);
    bytes_ += size_of(item);
    items_.push_back(std::move(item));
    by_key_[key] = std::prev(items_.end());
    while (bytes_ > bytes_max_) erase(std::string(items_.front().keys.front()));
  }
  bool erase(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return false;
    bytes_ -= size_of(*found->second);
    items_.erase(found->second);
    by_key_.erase(found);
    return true;
  }
  static std::uint64_t size_of(const command& item) {
    return item.keys.front().size() + item.data.size();
  }

  std::uint64_t bytes_max_;
  std::uint64_t bytes_ = 0;
  items items_;
  std::unordered_map<std::string, items::iterator> by_key_;
};

}  // namespace

store::behavior_type serve_store(store::pointer, std::uint64_t bytes_max) {
  const auto all = std::make_shared<cache>(bytes_max);
  return {[all](command& what) { return all->run(what); }};
}

}  // namespace memcached_server
