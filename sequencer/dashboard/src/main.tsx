import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Status } from "./parts/status";
import { AccountPage } from "./pages/account";
import { BatchPage } from "./pages/batch";
import { Overview } from "./pages/overview";
import { to, useRoute, type Route } from "./route";
import { connect, useView, type View } from "./store";
import { toggleTheme, useTheme } from "./theme";
import "./style.css";

function Page({ view, route }: { view: View; route: Route }) {
  if (route.name === "account") return <AccountPage view={view} number={route.number} />;
  if (route.name === "batch") return <BatchPage view={view} number={route.number} />;
  return <Overview view={view} />;
}

function Search() {
  const field = useRef<HTMLInputElement>(null);
  const go = (event: Event) => {
    event.preventDefault();
    const text = field.current?.value.trim() ?? "";
    if (!/^[0-9]{1,7}$/.test(text)) return;
    location.hash = to("account", Number(text));
    if (field.current) field.current.value = "";
  };
  return (
    <form onSubmit={go} role="search">
      <label class="unseen" for="account">Account</label>
      <input id="account" ref={field} inputMode="numeric" pattern="[0-9]{1,7}" placeholder="Account" autocomplete="off" />
      <button type="submit">Open</button>
    </form>
  );
}

function Theme() {
  const theme = useTheme();
  const other = theme === "dark" ? "Light" : "Dark";
  return <button type="button" class="quiet" onClick={toggleTheme} aria-label={`${other} colours`}>{other}</button>;
}

function name(route: Route): string {
  return route.name === "overview" ? "zkmargin" : `${route.name} ${route.number} · zkmargin`;
}

function App() {
  const view = useView();
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const place = JSON.stringify(route);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = name(route);
    if (!isFirst.current) {
      scrollTo(0, 0);
      main.current?.focus({ preventScroll: true });
    }
    isFirst.current = false;
  }, [place]);
  const skip = (event: Event) => {
    event.preventDefault(); // the address is the route's
    main.current?.focus();
  };
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>Skip to the content</a>
      <header>
        <a class="brand" href="#/" aria-current={route.name === "overview" ? "page" : undefined}>zkmargin</a>
        <span class={`dot ${view.link}`} title={view.link} />
        <Search />
        <Theme />
      </header>
      <Status view={view} />
      <main ref={main} id="main" tabIndex={-1} data-link={view.link}>
        <Page view={view} route={route} />
      </main>
      <footer>
        <span>{view.facts ? `chain ${view.facts.chain_id} · process ${view.facts.instance}` : ""}</span>
        <a href="./v1/openapi.json">API</a>
      </footer>
    </>
  );
}

connect();
const root = document.getElementById("app");
if (root) render(<App />, root);
