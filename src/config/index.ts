export { publicAddress } from './address.ts';
export { allowedOrigins, hasMerchantKeys, openChannels, planChannels, type ChannelPlan } from './channels.ts';
export { planWebhook, type WebhookPlan } from './webhook.ts';
export { readSettings, type SettingFault, type Settings } from './settings.ts';
