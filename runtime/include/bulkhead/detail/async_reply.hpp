#pragma once

#include <boost/asio/prefer.hpp>
#include <bulkhead/call_continuation.hpp>
#include <bulkhead/detail/async_initiate.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace bulkhead::detail {

/// What completes an asynchronous call of either kind.
template <class Reply>
struct async_call_signature {
  using type = void(std::exception_ptr, Reply);
};
template <>
struct async_call_signature<void> {
  using type = void(std::exception_ptr);
};

/// An asynchronous call under way: told of its end it brings that to its handler's executor, and is
/// gone.
template <class Reply, class Handler>
class async_reply final : public call_continuation {
 public:
  using executor_type = boost::asio::associated_executor_t<Handler, boost::asio::any_io_executor>;
  using value_type = reply_value<Reply>;

  async_reply(Handler&& handler, async_home home)
      : handler_(std::move(handler)),
        home_(std::move(home)),
        executor_(boost::asio::get_associated_executor(handler_, home_.executor)) {
    if constexpr (!is_anywhere<executor_type>) {
      busy_.emplace(
          boost::asio::prefer(executor_, boost::asio::execution::outstanding_work.tracked));
    }
  }

  bool replied(std::span<const std::byte> bytes, message_endpoints& names) override {
    value_type reply{};
    if (!decode_reply(bytes, reply, names)) return false;
    finish(nullptr, std::move(reply));
    return true;
  }
  void failed(const call_failure& why) noexcept override {
    const bool aborted = why.code == std::error_code(ECANCELED, std::system_category());
    fail(aborted ? std::make_exception_ptr(boost::system::system_error(async_aborted()))
                 : why.exception());
  }
  void fail(std::exception_ptr why) { finish(std::move(why), value_type{}); }
  [[nodiscard]] auto slot() const noexcept {
    return boost::asio::get_associated_cancellation_slot(handler_);
  }

 private:
  struct completion {
    Handler handler;
    std::exception_ptr failed;
    value_type reply;

    void operator()() {
      if (auto s = boost::asio::get_associated_cancellation_slot(handler); s.is_connected()) {
        s.clear();
      }
      if constexpr (is_anywhere<executor_type>) {
        const auto ex = boost::asio::get_associated_executor(handler);
        boost::asio::dispatch(ex, [done = std::move(*this)]() mutable { done.give(); });
      } else {
        give();
      }
    }
    void give() {
      if constexpr (std::is_void_v<Reply>) {
        std::move(handler)(std::move(failed));
      } else {
        std::move(handler)(std::move(failed), std::move(reply));
      }
    }
  };

  void finish(std::exception_ptr why, value_type reply) {
    const std::unique_ptr<async_reply> all(this);
    const async_route<executor_type> way(executor_, home_.executor);
    way.post(completion{std::move(handler_), std::move(why), std::move(reply)});
  }

  using busy_type =
      decltype(boost::asio::prefer(std::declval<const boost::asio::any_io_executor&>(),
                                   boost::asio::execution::outstanding_work.tracked));

  Handler handler_;
  async_home home_;  // keeps the runtime, whose executor it may be
  executor_type executor_;
  std::optional<boost::asio::any_io_executor> busy_;
};

}  // namespace bulkhead::detail
