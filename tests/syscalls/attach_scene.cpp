#include "syscalls/attach_scene.hpp"

#include <chrono>
#include <thread>

#include "support/folder.hpp"
#include "syscalls/call_tracer.hpp"

namespace syscalls {
namespace {

using namespace std::chrono_literals;
using bulkhead::queue;

constexpr int preloaded = 4;
constexpr auto soon = 20s;

void attach_and_work(std::string in_path, std::string out_path) {
  call_tracer::wait_for_tracer();
  auto& rt = bulkhead::this_process::runtime();
  const auto in = bulkhead::attach<queue<int>>(rt, in_path);
  const auto out = bulkhead::attach<queue<int>>(rt, out_path);
  for (int n = 0; n < 2; ++n) {
    auto d = in.take();
    d.forward(out, *d);
  }
}

// Takes a seat of each by its first call. The keeper learns of a death after the parent does, so
// the seats may be taken for a moment.
void come_next(std::string in_path, std::string out_path) {
  auto& rt = bulkhead::this_process::runtime();
  const auto end = std::chrono::steady_clock::now() + soon;
  for (const std::string& path : {in_path, out_path}) {
    const auto q = bulkhead::attach<queue<int>>(rt, path);
    std::error_code ec;
    for (;;) {
      q.try_receive(ec);
      if (!ec) break;
      if (std::chrono::steady_clock::now() > end) throw std::system_error(ec);
      std::this_thread::sleep_for(1ms);
    }
  }
}

class attach_scene final : public scene {
 public:
  explicit attach_scene(bulkhead::runtime& rt)
      : others_(&rt), in_(publisher_, shape()), out_(publisher_, shape()) {
    for (int n = 0; n < preloaded; ++n) in_.send(n);
  }
  bulkhead::process start(bulkhead::runtime& rt) override {
    return rt.spawn({.name = "victim"}, attach_and_work, in_open_.path(), out_open_.path());
  }
  // It waits for the publisher's keeper only.
  void unblock() override {}
  std::string check() override {
    const auto end = std::chrono::steady_clock::now() + soon;
    while (seen_.size() < preloaded && std::chrono::steady_clock::now() < end) {
      if (!drain_one(in_) && !drain_one(out_)) std::this_thread::sleep_for(1ms);
    }
    const auto next =
        others_->spawn({.name = "next"}, come_next, in_open_.path(), out_open_.path());
    if (const auto ended = next.join(); !ended.success()) {
      return "its seat is not free: " + ended.report();
    }
    for (const queue<int>* q : {&in_, &out_}) {
      q->close();
      std::error_code ec;
      while (const auto n = q->receive_for(soon, ec)) ++seen_[*n];
      if (ec != bulkhead::errc::closed) return "the drain of a closed queue does not end";
    }
    for (int n = 0; n < preloaded; ++n) {
      if (seen_[n] != 1)
        return "message " + std::to_string(n) + " came " + std::to_string(seen_[n]) + " times";
    }
    return seen_.size() == preloaded ? "" : "a message came that nobody sent";
  }

 private:
  bool drain_one(const queue<int>& q) {
    const auto n = q.try_receive();
    if (n) ++seen_[*n];
    return n.has_value();
  }
  // Seats for the publisher and one more.
  static bulkhead::queue_options shape() {
    return {.max_attempts = 0, .max_deliveries = 0, .participants = 2};
  }

  bulkhead::runtime* others_;
  bulkhead::runtime publisher_;
  bulkhead_test::folder here_;
  queue<int> in_, out_;
  bulkhead::publication in_open_ = bulkhead::publish(publisher_, here_.path("in"), in_);
  bulkhead::publication out_open_ = bulkhead::publish(publisher_, here_.path("out"), out_);
  std::map<int, int> seen_;
};

}  // namespace

std::unique_ptr<scene> attach_and_forward(bulkhead::runtime& rt) {
  return std::make_unique<attach_scene>(rt);
}

}  // namespace syscalls
