#pragma once

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/system_context.hpp>
#include <bulkhead/detail/async_operation.hpp>
#include <concepts>
#include <type_traits>
#include <utility>

namespace boost::asio::detail {
template <typename T, typename Blocking>
class promise_executor;
}

// From a step, which tries once, to an asynchronous operation with any completion token. A step has
//   using result, void or what its handler gets
//   bool attempt(std::error_code& ec)     true: over, with a result inside or an error
//   void give(handler, boost::system::error_code)
//   async_home home(), std::vector<async_source> sources(), bool others_wait(), look_again()
//   static constexpr bool together        others on its one source wait in line with it
namespace bulkhead::detail {

template <class Executor>
concept knows_context = requires(const Executor& ex) {
  {
    boost::asio::query(ex, boost::asio::execution::context)
    } -> std::convertible_to<boost::asio::execution_context&>;
};
// An executor on any thread. Asking it for its context would start a pool of threads.
template <class Executor>
inline constexpr bool is_anywhere = false;
template <knows_context Executor>
inline constexpr bool is_anywhere<Executor> =
    std::same_as<std::remove_cvref_t<decltype(boost::asio::query(std::declval<const Executor&>(),
                                                                 boost::asio::execution::context))>,
                 boost::asio::system_context>;
// use_future's, which catches what a handler throws, and does not tell its context's type.
template <class T, class Blocking>
inline constexpr bool is_anywhere<boost::asio::detail::promise_executor<T, Blocking>> = true;

/// A handler, its result and the executor for it.
template <class Handler, class Step>
class async_completion {
 public:
  using handler_executor =
      boost::asio::associated_executor_t<Handler, boost::asio::any_io_executor>;
  using allocator_type = boost::asio::associated_allocator_t<Handler>;

  async_completion(Handler&& handler, Step&& step) noexcept
      : handler_(std::move(handler)), step_(std::move(step)) {}

  [[nodiscard]] allocator_type get_allocator() const noexcept {
    return boost::asio::get_associated_allocator(handler_);
  }
  [[nodiscard]] handler_executor executor(const async_home& home) const {
    return boost::asio::get_associated_executor(handler_, home.executor);
  }
  [[nodiscard]] auto slot() const noexcept {
    return boost::asio::get_associated_cancellation_slot(handler_);
  }
  [[nodiscard]] Step& step() noexcept { return step_; }
  [[nodiscard]] const Step& step() const noexcept { return step_; }

  bool attempt() noexcept {
    std::error_code ec;
    try {
      if (!step_.attempt(ec)) return false;
    } catch (...) {
      ec = error_of_exception();
    }
    ec_ = async_error(ec);
    return true;
  }
  void end(const boost::system::error_code& why) noexcept { ec_ = why; }
  void has_waited() noexcept { has_waited_ = true; }

  void operator()() {
    // Here, on the handler's own executor, is where its slot may be touched.
    if (has_waited_) {
      if (auto s = slot(); s.is_connected()) s.clear();
    }
    if constexpr (is_anywhere<handler_executor>) {
      const auto ex = boost::asio::get_associated_executor(handler_);
      boost::asio::dispatch(ex, [handler = std::move(handler_), step = std::move(step_),
                                 ec = ec_]() mutable { step.give(std::move(handler), ec); });
    } else {
      step_.give(std::move(handler_), ec_);
    }
  }

 private:
  Handler handler_;
  Step step_;
  boost::system::error_code ec_;
  bool has_waited_ = false;
};

/// Where an operation's handler is to run, and in which execution context it waits until then. It
/// does not keep the runtime, whose own loop may hold the operation.
template <class Executor>
class async_route {
 public:
  async_route(Executor ex, boost::asio::any_io_executor home)
      : executor_(std::move(ex)), home_(std::move(home)) {}

  [[nodiscard]] boost::asio::execution_context& where() const {
    if constexpr (knows_context<Executor> && !is_anywhere<Executor>) {
      return boost::asio::query(executor_, boost::asio::execution::context);
    } else {
      return boost::asio::query(home_, boost::asio::execution::context);
    }
  }
  [[nodiscard]] bool leads_home() const {
    if constexpr (std::same_as<Executor, boost::asio::any_io_executor>) return executor_ == home_;
    return is_anywhere<Executor> || !knows_context<Executor>;
  }
  template <class Completion>
  void post(Completion&& completion) const {
    if constexpr (is_anywhere<Executor>) {
      boost::asio::post(home_, std::forward<Completion>(completion));
    } else {
      boost::asio::post(executor_, std::forward<Completion>(completion));
    }
  }

 private:
  Executor executor_;
  boost::asio::any_io_executor home_;
};

template <class Handler, class Step>
class async_operation_of final : public async_operation {
 public:
  using completion = async_completion<Handler, Step>;
  using route = async_route<typename completion::handler_executor>;

  static async_operation_ptr make(completion&& what, const route& way) {
    allocator memory(what.get_allocator());
    auto* const at = traits::allocate(memory, 1);
    return async_operation_ptr(::new (static_cast<void*>(at))
                                   async_operation_of(std::move(what), way));
  }

  bool attempt() noexcept override { return what_.attempt(); }
  void end(const boost::system::error_code& why) noexcept override { what_.end(why); }
  // The memory first, so that the handler can use it for its next operation.
  void complete() override {
    completion what(std::move(what_));
    const route way(std::move(way_));
    destroy();
    way.post(std::move(what));
  }
  void destroy() noexcept override {
    allocator memory(what_.get_allocator());
    this->~async_operation_of();
    traits::deallocate(memory, this, 1);
  }
  [[nodiscard]] time_point look_again() const override { return what_.step().look_again(); }

 private:
  using allocator = typename std::allocator_traits<
      typename completion::allocator_type>::template rebind_alloc<async_operation_of>;
  using traits = std::allocator_traits<allocator>;

  async_operation_of(completion&& what, const route& way) : what_(std::move(what)), way_(way) {}
  ~async_operation_of() = default;

  completion what_;
  route way_;
};

struct async_initiation {
  template <class Handler, class Step>
  void operator()(Handler&& given, Step step) const {
    using handler = std::decay_t<Handler>;
    using operation = async_operation_of<handler, Step>;
    const async_home home = step.home();
    typename operation::completion what(handler(std::forward<Handler>(given)), std::move(step));
    const typename operation::route way(what.executor(home), home.executor);
    if (way.leads_home()) home.ensure_running();
    if (!what.step().others_wait() && what.attempt()) return way.post(std::move(what));
    std::error_code failure;
    const async_ticket ticket = make_ticket(way.where(), failure);
    if (failure) {
      what.end(async_error(failure));
      return way.post(std::move(what));
    }
    auto sources = what.step().sources();
    what.has_waited();
    auto slot = what.slot();
    async_operation_ptr op = operation::make(std::move(what), way);
    // Before it waits: from then on its handler may run, and begin another with the same slot.
    if (slot.is_connected()) {
      slot.assign([ticket](boost::asio::cancellation_type type) {
        if (type != boost::asio::cancellation_type::none) ticket.cancel();
      });
    }
    begin_waiting(ticket, std::move(op), std::move(sources), Step::together);
  }
};

template <class Step>
struct async_signature {
  using type = void(boost::system::error_code, typename Step::result);
};
template <class Step>
requires std::is_void_v<typename Step::result>
struct async_signature<Step> {
  using type = void(boost::system::error_code);
};

/// Begins the operation that `step` tries to end, with any completion token.
template <class Step, class Token>
decltype(auto) async_run(Step step, Token&& token) {
  return boost::asio::async_initiate<Token, typename async_signature<Step>::type>(
      async_initiation{}, token, std::move(step));
}

}  // namespace bulkhead::detail
