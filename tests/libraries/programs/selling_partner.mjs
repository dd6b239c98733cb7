// A program of npm's amazon-sp-api, or of Amazon's own SDK for JavaScript (`LIBRARY`: package or sdk).
// `WAY`: door (a token of Amazon's) or proxy (none). Neither library lets the address of tokens be set.
import { createRequire } from 'node:module';
import https from 'node:https';
import { createInterface } from 'node:readline';
import tls from 'node:tls';
import { pathToFileURL } from 'node:url';
import zlib from 'node:zlib';

const [LIBRARY, WAY] = process.argv.slice(2);
const { SELLER, REGION, KEY, DOOR, AMAZON, TLS_PORT, NODE_FOLDER } = process.env;
const HANDLE = `${WAY === 'proxy' ? 'proxy:' : ''}store:${SELLER}:${REGION}`;
const US = 'ATVPDKIKX0DER';
const require = createRequire(`${NODE_FOLDER}/`);

async function tokenOf(handle) {
  const fields = { grant_type: 'refresh_token', client_id: '-', client_secret: KEY, refresh_token: handle };
  const answer = await fetch(`${DOOR}/auth/o2/token`, { method: 'POST', body: new URLSearchParams(fields) });
  const told = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(told.error_description), { code: told.error });
  return told.access_token;
}

// What the internet is here: port 443 of every host is one server on loopback.
class Internet extends https.Agent {
  createConnection(options) {
    const names = { servername: options.servername, ALPNProtocols: ['http/1.1'] };
    return tls.connect({ host: '127.0.0.1', port: Number(TLS_PORT), ...names });
  }
}

function ofPackage() {
  const { SellingPartner } = require('amazon-sp-api');

  class FromGateway extends SellingPartner {
    async refreshAccessToken() {
      this._access_token = await tokenOf(this._refresh_token);
    }
  }

  const credentials = { SELLING_PARTNER_APP_CLIENT_ID: '-', SELLING_PARTNER_APP_CLIENT_SECRET: '-' };
  // At an address with a path the library's header Host is none that a name for TLS could be taken from.
  const options = { https_proxy_agent: new Internet(WAY === 'proxy' ? { servername: 'gateway.example' } : {}) };
  const library = new FromGateway({ region: 'na', refresh_token: HANDLE, credentials, options });
  if (WAY === 'proxy') library._request._api_endpoint = 'gateway.example/spapi/na';
  const call = (operation, more = {}) => library.callAPI({ operation, ...more });
  return {
    async listed() {
      const found = await call('sellers.getMarketplaceParticipations');
      return found.map((each) => each.marketplace.countryCode);
    },
    async read() {
      const query = { MarketplaceIds: [US], CreatedAfter: '2026-01-01T00:00:00Z' };
      const found = (await call('orders.getOrders', { query, options: { version: 'v0' } })).Orders;
      const path = { orderId: found[0].AmazonOrderId };
      return (await call('orders.getOrder', { path, options: { version: 'v0' } })).AmazonOrderId;
    },
    async report() {
      const body = { reportType: 'GET_MERCHANT_LISTINGS_ALL_DATA', marketplaceIds: [US] };
      const { reportId } = await call('reports.createReport', { body });
      let made = {};
      while (!made.reportDocumentId) made = await call('reports.getReport', { path: { reportId } });
      const { reportDocumentId } = made;
      const { url } = await call('reports.getReportDocument', { path: { reportDocumentId } });
      return downloaded(url);
    },
  };
}

async function ofSdk() {
  const name = '@amazon-sp-api-release/amazon-sp-api-sdk-js';
  const { OrdersSpApi, ReportsSpApi, SellersSpApi } = await import(pathToFileURL(require.resolve(name)));
  const endpoint = WAY === 'proxy' ? `${DOOR}/spapi/na` : AMAZON;
  const client = async (api) => {
    const made = new api.ApiClient(endpoint);
    made.applyXAmzAccessTokenToRequest(await tokenOf(HANDLE));
    return made;
  };
  return {
    async listed() {
      const sellers = new SellersSpApi.SellersApi(await client(SellersSpApi));
      const found = await sellers.getMarketplaceParticipations();
      return found.payload.map((each) => each.marketplace.countryCode);
    },
    async read() {
      const orders = new OrdersSpApi.OrdersV0Api(await client(OrdersSpApi));
      const found = await orders.getOrders([US], { createdAfter: '2026-01-01T00:00:00Z' });
      return (await orders.getOrder(found.payload.orders[0].amazonOrderId)).payload.amazonOrderId;
    },
    async report() {
      const reports = new ReportsSpApi.ReportsApi(await client(ReportsSpApi));
      const wanted = { reportType: 'GET_MERCHANT_LISTINGS_ALL_DATA', marketplaceIds: [US] };
      const { reportId } = await reports.createReport(wanted);
      let made = {};
      while (!made.reportDocumentId) made = await reports.getReport(reportId);
      return downloaded((await reports.getReportDocument(made.reportDocumentId)).url);
    },
  };
}

async function downloaded(url) {
  return zlib.gunzipSync(Buffer.from(await (await fetch(url)).arrayBuffer())).toString();
}

let steps;
async function anew() {
  steps = { ...(LIBRARY === 'sdk' ? await ofSdk() : ofPackage()), anew };
}
await anew();
for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify({ answer: (await steps[line.trim()]()) ?? null }));
  } catch (problem) {
    const told = `${problem.message} ${problem.details ?? ''} ${problem.response?.text ?? ''}`;
    console.log(JSON.stringify({ error: problem.constructor.name, code: problem.code, told }));
  }
}
