#include <bulkhead/actors/detail/host_actor.hpp>

#include <bulkhead/actors/remote_error.hpp>
#include <bulkhead/actors/system.hpp>
#include <bulkhead/detail/call_server_core.hpp>
#include <bulkhead/this_process.hpp>
#include <mutex>
#include <optional>
#include <thread>

#include "idle_poll.hpp"
#include "pump_unit.hpp"

namespace bulkhead::actors::detail {

using bulkhead::detail::call_origin;
using bulkhead::detail::encoder;
using bulkhead::detail::patience;
using bulkhead::detail::pipe_core;
using bulkhead::detail::pipe_message;

namespace {

using namespace std::chrono_literals;

constexpr std::size_t messages_at_once = 64;
// How long an actor may take to end that nobody can reach; then its process ends without it.
constexpr auto end_patience = 5s;

void answer(const pipe_core& lane, const call_origin& whose, std::size_t size,
            const std::function<void(encoder&)>& fill) {
  if (whose.generation == 0) return;
  static_cast<void>(
      bulkhead::detail::send_reply_with(lane, whose, size, fill, patience::forever()));
}

void answer_with_error(const pipe_core& lane, const call_origin& whose, const caf::error& reason,
                       bool marked = true) {
  const error_record record = record_of(reason);
  const std::size_t mark = marked ? 1 : 0;
  answer(lane, whose, mark + bulkhead::detail::encoded_size(record), [&](encoder& to) {
    if (marked) *to.room(1) = answer_error;
    bulkhead::detail::encode(to, record);
  });
}

/// Receives the answer to one request, and sends it to the asker's process.
class lane_answer final : public compat::answer_actor {
 public:
  lane_answer(caf::actor_config& config, const pipe_core& lane, const message_codec& codec,
              const call_origin& whose, std::uint32_t signature)
      : answer_actor(config),
        lane_(lane.state()),
        codec_(&codec),
        whose_(whose),
        signature_(signature) {}
  ~lane_answer() override {
    if (!is_answered()) answer_with_error(lane_, whose_, broken_promise());
  }

 private:
  void answered(const caf::type_erased_tuple& content) override {
    if (content.match_elements<caf::error>()) {
      return answer_with_error(lane_, whose_, content.get_as<caf::error>(0));
    }
    if (!codec_->is_output(signature_, content)) {
      return answer_with_error(lane_, whose_, caf::sec::unexpected_response);
    }
    answer(lane_, whose_, 1 + codec_->output_size(signature_, content), [&](encoder& to) {
      *to.room(1) = answer_values;
      codec_->write_output(signature_, content, to);
    });
  }

  pipe_core lane_;
  const message_codec* codec_;
  call_origin whose_;
  std::uint32_t signature_;
};

/// Brings messages from the lane to the actor.
class host {
 public:
  host(const pipe_core& lane, const message_codec& codec, caf::actor_system& system)
      : lane_(&lane), codec_(&codec), system_(&system), unit_(system) {}
  host(const host&) = delete;
  host& operator=(const host&) = delete;

  void run(const launch_function& launch) {
    actor_ = launch(*system_, unit_);
    compat::on_exit(actor_, [this](const caf::error& reason) {
      const std::lock_guard lock(mutex_);
      reason_ = reason;
      ended_.store(true, std::memory_order_release);
      lane_->wake_own_receivers();
    });
    bool reachable = true;
    while (!ended_.load(std::memory_order_acquire) && reachable) {
      reachable = take_first();
      for (std::size_t n = 1; n < messages_at_once && reachable && took_; ++n) {
        reachable = take(patience::none(), nullptr);
      }
      unit_.run();
    }
    if (reachable) await_watcher();
    if (!reachable) end_unreachable();
    if (watcher_) answer_with_error(*lane_, *watcher_, reason(), false);
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
      watcher_ = whose;
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

  caf::mailbox_element_ptr element_of(std::uint32_t signature, std::span<const std::byte> bytes,
                                      const call_origin& whose) {
    if (whose.generation == 0) {
      return codec_->read_input(signature, bytes, nullptr, caf::make_message_id());
    }
    // An answer actor sees one answer only, so that all requests can have one number.
    return codec_->read_input(
        signature, bytes,
        compat::make_reply<lane_answer>(*system_, *lane_, *codec_, whose, signature),
        caf::make_message_id(1));
  }

  // Whoever started us asks before all else when the actor ends; that may not have come yet.
  void await_watcher() {
    const auto end = std::chrono::steady_clock::now() + end_patience;
    while (!watcher_ && std::chrono::steady_clock::now() < end) {
      if (!take(patience::lasting(100ms), nullptr)) return;
    }
  }

  // Nobody has a handle, or this process is asked to stop.
  void end_unreachable() {
    compat::send_exit(actor_, caf::exit_reason::user_shutdown);
    const auto end = std::chrono::steady_clock::now() + end_patience;
    while (!ended_.load(std::memory_order_acquire) && std::chrono::steady_clock::now() < end) {
      unit_.run();
      if (unit_.is_idle()) std::this_thread::sleep_for(1ms);
    }
  }

  caf::error reason() {
    const std::lock_guard lock(mutex_);
    return reason_;
  }

  const pipe_core* lane_;
  const message_codec* codec_;
  caf::actor_system* system_;
  pump_unit unit_;
  caf::strong_actor_ptr actor_;
  std::optional<call_origin> watcher_;  ///< Who asked when the actor ends.
  bool took_ = false;
  idle_poll poll_;
  std::atomic<bool> ended_{false};
  std::mutex mutex_;
  caf::error reason_;
};

}  // namespace

void host_actor(const actor_server& lane, const message_codec& codec,
                const launch_function& launch) {
  // The actor runs on this thread; CAF's one worker is for those that it spawns.
  system sys(this_process::runtime(), [](caf::actor_system_config& config) {
    compat::prefer_sharing(config);
    config.set("scheduler.max-threads", std::size_t{1});
  });
  // Left behind with a system that does not end: actors refer to it.
  auto here = std::make_unique<host>(lane.end(), codec, sys.caf());
  here->run(launch);
  if (!sys.shutdown()) static_cast<void>(here.release());
}

}  // namespace bulkhead::actors::detail
