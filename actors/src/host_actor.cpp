#include <bulkhead/actors/detail/host_actor.hpp>

#include <unistd.h>
#include <algorithm>
#include <bulkhead/actors/remote_error.hpp>
#include <bulkhead/actors/system.hpp>
#include <bulkhead/detail/call_server_core.hpp>
#include <bulkhead/this_process.hpp>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include "idle_poll.hpp"
#include "lane_answer.hpp"
#include "lane_sender.hpp"
#include "pump_unit.hpp"

namespace bulkhead::actors::detail {

using bulkhead::detail::call_origin;
using bulkhead::detail::patience;
using bulkhead::detail::pipe_core;
using bulkhead::detail::pipe_message;

namespace {

using namespace std::chrono_literals;

constexpr std::size_t messages_at_once = 64;
// How long an actor may take to end that nobody can reach; then its process ends without it.
constexpr auto end_patience = 2s;
// What an actor that runs elsewhere may have in its mailbox; the rest stays in the lane.
constexpr std::size_t credit = 256;

/// Brings messages from the lane to the actor.
class host {
 public:
  host(const pipe_core& lane, const message_codec& codec, hosting how, caf::actor_system& system)
      : lane_(&lane),
        codec_(&codec),
        how_(how),
        lives_before_(lane.restarts()),
        is_current_(how != hosting::supervised_new || lives_before_ == 0),
        system_(&system),
        unit_(system) {}
  host(const host&) = delete;
  host& operator=(const host&) = delete;

  void run(const launch_function& launch) {
    actor_ = launch(*system_, unit_);
    if (compat::runs_elsewhere(actor_)) tally_ = compat::make_proxy<lane_sender>(*system_);
    compat::on_exit(actor_, [this](const caf::error& reason) {
      const std::lock_guard lock(mutex_);
      reason_ = reason;
      ended_.store(true, std::memory_order_release);
      lane_->wake_own_receivers();
    });
    bool reachable = true;
    while (!ended_.load(std::memory_order_acquire) && reachable) {
      reachable = is_busy() ? await_handled() : take_first();
      for (std::size_t n = 1; n < messages_at_once && reachable && took_ && !is_busy(); ++n) {
        reachable = take(patience::none(), nullptr);
      }
      unit_.run();
    }
    if (reachable) await_watcher();
    if (!reachable) end_unreachable();
    if (watcher_) answer_with_error(*lane_, *watcher_, reason(), false);
  }

  caf::error reason() {
    const std::lock_guard lock(mutex_);
    return reason_;
  }

 private:
  // Waits for the next message, unless there is other work. @returns as take.
  bool take_first() {
    if (!unit_.is_idle()) return take(patience::none(), nullptr);
    bool reachable = true;
    const bool found = poll_.find([&] {
      reachable = take(patience::none(), nullptr);
      return took_ || !reachable || ended_.load(std::memory_order_relaxed);
    });
    if (found) return reachable;
    reachable = take(patience::forever(), &ended_);
    poll_.woke();
    return reachable;
  }
  [[nodiscard]] bool is_busy() const {
    return tally_ != nullptr && compat::references(tally_) > credit;
  }
  // Nobody rings when a message is handled. @returns as take.
  bool await_handled() {
    took_ = false;
    auto step = 50us;
    while (is_busy() && !ended_.load(std::memory_order_acquire)) {
      if (this_process::stop_requested()) return false;
      unit_.run();
      std::this_thread::sleep_for(step);
      step = std::min<std::chrono::microseconds>(2 * step, 1ms);
    }
    return true;
  }
  // @returns false: no more will come.
  bool take(patience how_long, const std::atomic<bool>* over) {
    pipe_message message;
    call_origin whose;
    const auto ec = bulkhead::detail::take_request(*lane_, how_long, message, whose, over);
    took_ = !ec && message.locked != nullptr;
    if (!took_) return !ec || ec == errc::full || ec == errc::timed_out;
    const auto bytes = message.bytes.subspan(bulkhead::detail::call_head_bytes);
    caf::mailbox_element_ptr element;
    bulkhead::detail::decoder from(bytes);
    const auto number = bulkhead::detail::decode<std::uint32_t>(from);
    if (from.failed()) return false;
    const auto rest = bytes.subspan(frame_number_bytes);
    if (number == watch_frame) {
      std::uint32_t lives = 0;
      if (!bulkhead::detail::decode_all(rest, lives)) return false;
      if (lives == lives_before_) {
        watcher_ = whose;
        is_current_ = true;
      }
    } else if (whose.generation != 0 && !is_current_) {
      answer_with_error(*lane_, whose, error_for(errc::peer_restarted));
    } else if (number == exit_frame) {
      error_record record;
      if (!bulkhead::detail::decode_all(rest, record)) return false;
      element = compat::exit_message(error_of(record));
    } else {
      element = element_of(number, rest, whose);
      if (element == nullptr) return false;
    }
    lane_->finish(message);
    if (element != nullptr) actor_->enqueue(std::move(element), &unit_);
    return true;
  }

  caf::mailbox_element_ptr element_of(std::uint32_t number, std::span<const std::byte> bytes,
                                      const call_origin& whose) {
    const bool is_request = whose.generation != 0;
    const std::uint32_t signature = signature_of(number);
    caf::strong_actor_ptr sender = tally_;
    if (is_request) {
      sender = compat::make_reply<lane_answer>(*system_, *lane_, *codec_, whose, signature, tally_);
    }
    return codec_->read_input(signature, bytes, std::move(sender),
                              compat::number_of(is_request, number != signature));
  }

  // Whoever started us asks before all else when the actor ends; that may not have come yet.
  void await_watcher() {
    const auto end = std::chrono::steady_clock::now() + end_patience;
    while (!watcher_ && std::chrono::steady_clock::now() < end) {
      if (!take(patience::lasting(100ms), nullptr)) return;
    }
  }

  // Nobody has a handle, or this process is asked to stop. Only who supervises it ends a supervised
  // one: ending by itself it would be started again, for nothing.
  void end_unreachable() {
    if (how_ != hosting::owned) await_stop();
    compat::send_exit(actor_, caf::exit_reason::user_shutdown);
    const auto end = std::chrono::steady_clock::now() + end_patience;
    while (!ended_.load(std::memory_order_acquire) && std::chrono::steady_clock::now() < end) {
      unit_.run();
      if (unit_.is_idle()) std::this_thread::sleep_for(1ms);
    }
  }

  void await_stop() {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    const auto token = this_process::stop_token();
    stopped.wait(lock, token, [this] { return ended_.load(std::memory_order_acquire); });
  }

  const pipe_core* lane_;
  const message_codec* codec_;
  const hosting how_;
  const std::uint32_t lives_before_;  ///< Incarnations that had the lane.
  /// What comes now is meant for this incarnation; before that, requests are of a dead one's time,
  /// and who asked has been told that they failed.
  bool is_current_;
  caf::actor_system* system_;
  pump_unit unit_;
  caf::strong_actor_ptr actor_;
  caf::strong_actor_ptr tally_;         ///< Of an actor that runs elsewhere.
  std::optional<call_origin> watcher_;  ///< Who asked when the actor ends.
  bool took_ = false;
  idle_poll poll_;
  std::atomic<bool> ended_{false};
  std::mutex mutex_;
  caf::error reason_;
};

bool is_abnormal(const caf::error& reason) {
  return reason && reason != caf::exit_reason::normal && reason != caf::exit_reason::user_shutdown;
}

}  // namespace

void host_actor(const actor_server& lane, const message_codec& codec, hosting how,
                const launch_function& launch) {
  // The actor runs on this thread; CAF's one worker is for those that it spawns.
  system sys(this_process::runtime(),
             [](caf::actor_system_config& config) {
               compat::prefer_sharing(config);
               config.set("scheduler.max-threads", std::size_t{1});
             },
             {.shutdown = end_patience});
  auto here = std::make_unique<host>(lane.end(), codec, how, sys.caf());
  here->run(launch);
  const caf::error reason = here->reason();
  const std::string text = is_abnormal(reason) ? sys.caf().render(reason) : std::string();
  if (!sys.shutdown()) {
    std::fprintf(stderr, "bulkhead: process '%s' ends although an actor in it does not\n",
                 this_process::name().c_str());
    std::fflush(nullptr);
    ::_exit(text.empty() ? 0 : 1);
  }
  if (how != hosting::owned && !text.empty()) {
    throw std::runtime_error("the actor ended: " + text);
  }
}

}  // namespace bulkhead::actors::detail
